import { metrics } from '@fieldguide/telemetry';
import {
  type RecordedTraces,
  recordTraces,
  SpanKind,
  SpanStatusCode,
} from '@fieldguide/telemetry/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningGateway,
  runGateway,
  type Upstream,
  upstream,
} from '../testing/running-gateway.ts';

let traces: RecordedTraces;
let service: Upstream;
let gateway: RunningGateway;
let status: number;
let traceparent: unknown;
beforeAll(async () => {
  traces = await recordTraces();
  service = await upstream((request, response) => {
    ({ traceparent } = request.headers);
    response.writeHead(status).end('{}');
  });
  gateway = await runGateway(service.port);
});
afterAll(async () => {
  await gateway.close();
  await service.close();
  await traces.stop();
});
beforeEach(() => traces.clear());

async function forward(answer: number) {
  status = answer;
  await fetch(`http://127.0.0.1:${gateway.port}/products/7?q=secret`);
  const kinds = async (kind: SpanKind) =>
    (await traces.spans()).filter((each) => each.kind === kind);
  await expect.poll(async () => (await kinds(SpanKind.SERVER)).length).toBe(1);
  const [[server], [client]] = [await kinds(SpanKind.SERVER), await kinds(SpanKind.CLIENT)];
  return { server: server!, client: client! };
}

describe('a forwarded request', () => {
  it('has a client span inside its server span, and the service continues it', async () => {
    const { server, client } = await forward(200);
    expect(client).toMatchObject({
      name: 'GET /products/:id',
      parentSpanContext: { spanId: server.spanContext().spanId },
      attributes: {
        'server.service.name': 'catalog',
        'server.address': '127.0.0.1',
        'server.port': service.port,
        'http.response.status_code': 200,
      },
    });
    const { traceId, spanId } = client.spanContext();
    expect(traceparent).toBe(`00-${traceId}-${spanId}-01`);
    expect(JSON.stringify([server.attributes, client.attributes])).not.toContain('secret');
  });

  it('that the service cannot serve is a failure of both', async () => {
    for (const span of Object.values(await forward(503)))
      expect(span).toMatchObject({
        status: { code: SpanStatusCode.ERROR },
        attributes: { 'error.type': '503', 'http.response.status_code': 503 },
      });
  });

  it('is counted with the service, the route and the status', async () => {
    await forward(404);
    const { values } = await metrics.httpClientSeconds.get();
    expect(values.map(({ labels }) => labels)).toContainEqual({
      http_request_method: 'GET',
      url_template: '/products/:id',
      server_service_name: 'catalog',
      http_response_status_code: 404,
      error_type: '404',
    });
  });
});
