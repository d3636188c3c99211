import { readFileSync, rmSync } from 'node:fs';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { otlpRequest, otlpSpan, spanId } from '@fieldguide/platform-traces/testing/spans';
import { Trace, TraceSummary } from '@fieldguide/platform-traces/trace-queries';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Platform } from '../platform.ts';

let workspace: string;
let api: FastifyInstance;
let platform: Platform;
let token: string;
beforeAll(async () => {
  workspace = useTestWorkspace();
  vi.stubEnv('FIELDGUIDE_CACHE', `${workspace}/cache`);
  vi.stubEnv('FIELDGUIDE_MAVEN_REPOSITORY', 'http://127.0.0.1:1/');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', undefined);
  vi.stubEnv('OTEL_SDK_DISABLED', undefined);
  const { Environment } = await import('@fieldguide/platform-host/environment');
  const { tokenFileOf } = await import('@fieldguide/platform-host/state');
  const platformModule = await import('../platform.ts');
  const { Operations } = await import('../operations.ts');
  const { openApi } = await import('./api.ts');
  const environment = new Environment('traces');
  platform = new platformModule.Platform({ environment, choices: {}, gatewayPort: 0 });
  api = await openApi(platform, new Operations(platform), () => undefined);
  token = readFileSync(tokenFileOf(environment), 'utf8');
});
afterAll(async () => {
  await api.close();
  await platform.stop();
  vi.unstubAllEnvs();
  rmSync(workspace, { recursive: true });
});

const get = (url: string, authorization = `Bearer ${token}`) =>
  api.inject({ url, headers: { host: new URL(platform.apiUrl!).host, authorization } });

/** Sends spans as an instance does, with the variables that it gets. */
async function send(...spans: object[]): Promise<Response> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: given = '' } =
    platform.traces.instanceEnv;
  const authorization = decodeURIComponent(given.replace('authorization=', ''));
  return fetch(`${endpoint}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify(otlpRequest(spans)),
  });
}
const now = () => ({
  startTimeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
  endTimeUnixNano: String(BigInt(Date.now() + 5) * 1_000_000n),
});
const traceId = 'a'.repeat(32);
const root = { ...now(), traceId, kind: 2 };

describe('the API of traces', () => {
  it('is unavailable until the platform starts', async () => {
    const response = await get('/traces');
    expect([response.statusCode, response.json().type]).toEqual([
      503,
      'letters:platform/tracesUnavailable',
    ]);
  });

  it('answers with the spans that instances have sent', async () => {
    await platform.traces.start();
    await expect
      .poll(async () => (await send(otlpSpan(1, root)).catch(() => undefined))?.status)
      .toBe(200);
    await send(otlpSpan(2, { ...root, kind: 1, parentSpanId: spanId(1) }));
    const list = z.array(TraceSummary).parse((await get('/traces?app=alpha')).json());
    expect(list).toMatchObject([{ traceId, spans: 2, app: 'alpha' }]);
    const trace = Trace.parse((await get(`/traces/${traceId}`)).json());
    expect(trace.tree.map(({ depth }) => depth)).toEqual([0, 1]);
    expect((await get('/traces/edges')).json()).toMatchObject([{ to: 'alpha', via: 'http' }]);
  });

  it('answers like Zipkin', async () => {
    const responses = await Promise.all(
      [
        'config.json',
        'api/v2/services',
        'api/v2/spans?serviceName=alpha',
        'api/v2/remoteServices?serviceName=alpha',
        'api/v2/traces?serviceName=alpha&limit=10',
        `api/v2/trace/${traceId}`,
        `api/v2/traceMany?traceIds=${traceId},${'b'.repeat(32)}`,
        `api/v2/dependencies?endTs=${Date.now()}`,
        'api/v2/autocompleteKeys',
        'api/v2/autocompleteValues?key=http.route',
      ].map((path) => get(`/zipkin/${path}`)),
    );
    const [config, ...answers] = responses.map((response) => response.json());
    expect(config).toMatchObject({ searchEnabled: true, defaultLookback: 900_000 });
    const both = [{ id: spanId(1) }, { id: spanId(2) }];
    expect(answers).toMatchObject([['alpha'], ['work'], [], [both], both, [both], [], [], []]);
  });

  it.each([
    ['/traces?limit=0', 422],
    ['/traces?limit=1000', 422],
    ['/traces?order=%27', 422],
    ['/traces?error=maybe', 422],
    ['/traces?colour=red', 422],
    ['/traces/abc', 422],
    [`/traces/${'b'.repeat(32)}`, 404],
    ['/zipkin/api/v2/trace/xyz', 422],
    [`/zipkin/api/v2/trace/${'b'.repeat(32)}`, 404],
    ['/zipkin/api/v2/spans', 422],
    ['/zipkin/api/v2/traceMany?traceIds=1,..', 422],
    ['/zipkin/api/v2/unknown', 404],
  ])('explains %s', async (path, status) => {
    const response = await get(path);
    expect([path, response.statusCode]).toEqual([path, status]);
    expect(response.json()).toMatchObject({ title: expect.any(String), status });
  });

  it.each(['/traces', '/traces/edges', '/zipkin/', '/zipkin/api/v2/services'])(
    'is closed without a token: %s',
    async (path) => expect((await get(path, 'Bearer wrong')).statusCode).toBe(401),
  );

  it('shows what to do when Lens cannot be downloaded', async () => {
    const response = await get('/zipkin/');
    expect(response.statusCode).toBe(503);
    expect(response.headers['content-type']).toMatch('text/html');
    expect(response.headers['content-security-policy']).toMatch("default-src 'none'");
    expect(response.body).toMatch(/Cannot download[\s\S]*cache import[\s\S]*fieldguide traces/);
  });

  it('keeps address and token over a restart of the platform', async () => {
    const before = platform.traces.instanceEnv;
    const { Traces } = await import('@fieldguide/platform-traces/traces');
    await platform.traces.stop();
    const { environment, events } = platform;
    const { tracesToken } = environment.secrets([]);
    const next = new Traces({ environment, events, token: tracesToken });
    await next.start();
    expect(next.instanceEnv).toEqual(before);
    await expect
      .poll(async () => (await send(otlpSpan(3, root)).catch(() => undefined))?.status)
      .toBe(200);
    const { spans } = JSON.parse((await next.query('find', traceId))!);
    expect(spans).toBe(3); // with those of before
    await next.clear();
    expect(await next.query('find', traceId)).toBeUndefined();
    await next.stop();
  });
});
