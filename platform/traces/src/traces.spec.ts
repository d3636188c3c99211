import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

let workspace: string;
beforeAll(() => {
  workspace = useTestWorkspace();
  vi.stubEnv('OTEL_SDK_DISABLED', undefined);
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', undefined);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(workspace, { recursive: true });
});

async function newTraces() {
  const { Environment } = await import('@fieldguide/platform-host/environment');
  const { Events } = await import('@fieldguide/platform-host/events');
  const { Traces } = await import('./traces.ts');
  const environment = new Environment('traces');
  const events = new Events(environment.logFile('platform'));
  return { environment, events, traces: new Traces({ environment, events, token: 't' }) };
}

describe('the traces of a platform', () => {
  it('start again when their thread has ended, and the platform continues', async () => {
    const { environment, events, traces } = await newTraces();
    const { traces: port } = await environment.ports([]);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    // Another program has taken the port between its selection and the start of the thread.
    vi.spyOn(environment, 'ports').mockImplementation(async () => ({ traces: port }) as never);
    await traces.start();
    await expect.poll(() => events.recent.map(({ text }) => text).join()).toMatch(/EADDRINUSE/);
    const { OTEL_EXPORTER_OTLP_ENDPOINT } = traces.instanceEnv;
    expect(OTEL_EXPORTER_OTLP_ENDPOINT).toBe(`http://127.0.0.1:${port}`);

    await new Promise((resolve) => other.close(resolve));
    await expect.poll(() => traces.query('zipkinServices').catch(() => undefined)).toBe('[]');

    await traces.clear();
    rmSync(environment.path('traces'), { recursive: true });
    writeFileSync(environment.path('traces'), 'a file, where the folder should be');
    const response = await fetch(`${OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer t' },
      body: '{"resourceSpans":[]}',
    });
    expect(await response.json()).toHaveProperty('partialSuccess');
    await expect(traces.query('edges', 60)).rejects.toThrow('cannot be opened');
    expect(events.recent).toHaveLength(1); // one warning a minute, whatever fails
    await traces.stop();
    await expect(traces.query('list', { limit: 1 })).rejects.toThrow('The store of traces');
  });

  it('are off when the apps send them elsewhere', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318');
    const { traces } = await newTraces();
    await traces.start();
    expect(traces.instanceEnv).not.toHaveProperty('OTEL_EXPORTER_OTLP_HEADERS');
    await expect(traces.query('edges', 60)).rejects.toThrow(
      'send their traces to http://collector',
    );
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', undefined);
  });
});
