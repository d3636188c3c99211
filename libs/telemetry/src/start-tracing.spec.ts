import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { inSpan, makeLog, startTracing } from './index.ts';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
}
interface Received {
  readonly headers: Record<string, unknown>;
  readonly body: {
    readonly resourceSpans: readonly {
      readonly resource: {
        readonly attributes: readonly { key: string; value: { stringValue: string } }[];
      };
      readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
    }[];
  };
}

let server: Server | undefined;
const received: Received[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  received.length = 0;
});

/** Starts a receiver; without `answers` it accepts connections and does not respond. */
async function receiver(answers: boolean): Promise<string> {
  const own = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (!answers) return;
    received.push({
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    response.end('{}');
  });
  server = own;
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
}

const rates = { TRACE_WRITES_PER_SECOND: 10_000, TRACE_READ_RATIO: 1 };
const request = (work = async () => {}) =>
  inSpan({ kind: 'server', name: 'POST /x', attributes: { 'http.request.method': 'POST' } }, work);

describe('the exporter', () => {
  it('sends spans with the resource and the headers of the environment', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await receiver(true));
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20secret');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.region=eu');
    const resource = { 'service.name': 'shop', 'service.version': 'abc' };
    const stop = await startTracing({ resource, rates });
    const lines: string[] = [];
    const log = makeLog('shop', 'shop-1', 'info', { write: (line) => void lines.push(line) });
    await request(async () => log.info('in a request'));
    log.info('outside');
    await stop();

    const [{ headers, body }] = received as [Received];
    expect(headers).toMatchObject({ authorization: 'Bearer secret' });
    const [{ resource: sent, scopeSpans }] = body.resourceSpans as [(typeof body.resourceSpans)[0]];
    const attributes = sent.attributes.map(({ key, value }) => [key, value.stringValue]);
    expect(Object.fromEntries(attributes)).toMatchObject({
      ...resource,
      'deployment.region': 'eu',
      'telemetry.sdk.language': 'nodejs',
    });
    const [span] = scopeSpans[0]!.spans;
    const [inside, outside] = lines.map((line) => JSON.parse(line));
    expect(inside).toMatchObject({ trace_id: span!.traceId, span_id: span!.spanId });
    expect(outside).not.toHaveProperty('trace_id');
  });

  it('uses the service name of the environment', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await receiver(true));
    vi.stubEnv('OTEL_SERVICE_NAME', 'renamed');
    const stop = await startTracing({ resource: { 'service.name': 'shop' }, rates });
    await request();
    await stop();
    expect(JSON.stringify(received[0]!.body)).toContain('"stringValue":"renamed"');
  });

  it('is off when the SDK is disabled', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await receiver(true));
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    const stop = await startTracing({ rates });
    await request();
    await stop();
    expect(received).toEqual([]);
  });

  it('drops the spans beyond a full queue', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await receiver(true));
    vi.stubEnv('OTEL_BSP_MAX_QUEUE_SIZE', '10');
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '10');
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    const stop = await startTracing({ rates });
    await Promise.all(Array.from({ length: 50 }, () => request()));
    await stop();
    const spans = received.flatMap(({ body }) =>
      body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((each) => each.spans)),
    );
    expect(spans.length).toBeGreaterThanOrEqual(10);
    expect(spans.length).toBeLessThan(50);
  });

  it.each([
    ['silent', () => receiver(false)],
    ['away', async () => 'http://127.0.0.1:9'],
  ])('whose receiver is %s fails no request, and stops in time', async (_, endpoint) => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await endpoint());
    for (const limit of ['OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_BSP_EXPORT_TIMEOUT'])
      vi.stubEnv(limit, '60000');
    const losses: unknown[] = [];
    const stop = await startTracing({ rates, onLoss: (error) => losses.push(error) });
    await Promise.all(Array.from({ length: 3_000 }, () => request()));
    const begun = performance.now();
    await stop();
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(losses.length).toBeGreaterThan(0);
  });
});
