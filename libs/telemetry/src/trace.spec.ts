import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inSpan, isRecorded, linkTo, observeCall, outsideTrace, traceInto } from './index.ts';
import { type RecordedTraces, recordTraces } from './testing/index.ts';

let traces: RecordedTraces;
beforeAll(async () => {
  traces = await recordTraces();
});
afterAll(() => traces.stop());
beforeEach(() => traces.clear());

const sampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const unsampled = sampled.replace(/1$/, '0');
const server = (from: object, work: () => Promise<unknown> = async () => undefined) =>
  inSpan({ kind: 'server', name: 'POST /x', from: { ...from } }, work);

describe('a span', () => {
  it('continues the trace of a message, with a link to another span', async () => {
    const link = { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' };
    const from = { traceparent: sampled };
    const onward = await inSpan({ kind: 'handle', name: 'x', from, link }, async () =>
      traceInto({}),
    );
    expect(onward.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/);
    const [span] = await traces.spans();
    expect(span!.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331' });
    expect(span!.links).toMatchObject([{ context: { spanId: '2222222222222222' } }]);
  });

  it('that fails has the code of the error and none of its values', async () => {
    const failed = Object.assign(new Error('invalid input syntax for uuid: "ada@example.org"'), {
      code: '22P02',
    });
    const work = server({ traceparent: sampled }, () => Promise.reject(failed));
    await expect(work).rejects.toBe(failed);
    const [span] = await traces.spans();
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': '22P02' },
      events: [{ name: 'exception' }],
    });
    expect(JSON.stringify([span!.events, span!.status])).not.toContain('ada@example.org');
  });

  it('of an unsampled request is exported only when the request fails', async () => {
    await server({ traceparent: unsampled });
    expect(await traces.spans()).toEqual([]);
    await server({ traceparent: unsampled }, () =>
      inSpan({ kind: 'work', name: 'inner' }, () => Promise.reject(new Error('broken'))),
    ).catch(() => undefined);
    const exported = await traces.spans();
    expect(exported.map(({ name }) => name)).toEqual(['POST /x']);
    expect(exported[0]!.spanContext()).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      traceFlags: 1,
    });
  });

  it('of an unsampled request keeps what has happened until it fails', async () => {
    const link = { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' };
    const begun = performance.now();
    await inSpan({ kind: 'server', name: 'GET /x', from: { traceparent: unsampled } }, (span) => {
      span.setAttribute('http.response.status_code', 500);
      linkTo(link);
      return Promise.reject(new Error('broken'));
    }).catch(() => undefined);
    const [span] = await traces.spans();
    expect(span).toMatchObject({
      parentSpanContext: { spanId: 'b7ad6b7169203331' },
      attributes: { 'http.response.status_code': 500, 'error.type': 'Error' },
      links: [{ context: { spanId: '2222222222222222' } }],
      events: [{ name: 'exception' }],
    });
    const startMs = span!.startTime[0] * 1_000 + span!.startTime[1] / 1e6;
    expect(startMs).toBeGreaterThanOrEqual(performance.timeOrigin + begun - 1);
  });

  it('within an unsampled one has its ids: it is not created', async () => {
    const [outer, inner] = (await server({ traceparent: unsampled }, async () => [
      traceInto({}),
      await inSpan({ kind: 'client', name: 'x' }, async () => traceInto({})),
    ])) as object[];
    expect(inner).toEqual(outer);
  });

  it('is known to be recorded or not', async () => {
    const seen: boolean[] = [];
    const look = async () => void seen.push(isRecorded());
    await server({ traceparent: sampled }, look);
    await server({ traceparent: unsampled }, look);
    await server({ traceparent: sampled }, () => outsideTrace(look));
    expect(seen).toEqual([true, false, false]);
  });
});

describe('a call', () => {
  const call = { peer: 'catalog', method: 'GET', route: '/products/:id' };

  it('has the attributes of the peer and of the last response', async () => {
    await server({ traceparent: sampled }, () =>
      observeCall(call, async ({ sentTo, responded }) => {
        sentTo('127.0.0.1', 1);
        responded(503);
        sentTo('127.0.0.1', 2);
        responded(200);
      }),
    );
    const [span] = await traces.named('GET /products/:id');
    expect(span).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'GET',
        'url.template': '/products/:id',
        'server.service.name': 'catalog',
        'server.address': '127.0.0.1',
        'server.port': 2,
        'http.response.status_code': 200,
      },
    });
  });

  it.each([
    ['the status', 409, '409'],
    ['the code of the error', undefined, 'ECONNREFUSED'],
  ])('that fails has %s as its error type', async (_, status, type) => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    await server({ traceparent: sampled }, () =>
      observeCall(call, async ({ responded }) => {
        if (status) responded(status);
        throw new Error('failed', { cause: refused });
      }),
    ).catch(() => undefined);
    const [span] = await traces.named('GET /products/:id');
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': type },
    });
  });
});
