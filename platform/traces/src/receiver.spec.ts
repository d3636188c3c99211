import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freePorts } from '@fieldguide/platform-host/processes/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BODY_BYTES_MAX, startReceiver } from './receiver.ts';
import { SpanStore } from './span-store.ts';
import { NOON_MS, otlpRequest, otlpSpan, traceId } from './testing/spans.ts';
import { listTraces, TraceFilter } from './trace-queries.ts';

const token = 'a-token';
const PENDING_BYTES_MAX = 100_000;
let folder: string;
let port: number;
let store: SpanStore;
let server: Server;
let dropped: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'receiver-'));
  dropped = 0;
  store = new SpanStore({ file: join(folder, 'traces', 'traces.db'), now: () => NOON_MS });
  server = await startReceiver({
    port: (await freePorts(1))[0]!,
    token,
    store,
    now: () => NOON_MS,
    pendingBytesMax: PENDING_BYTES_MAX,
    onDropped: (_error, spans) => {
      dropped += spans;
    },
  });
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  store.close();
  rmSync(folder, { recursive: true });
});

/** With node:http: `fetch` does not let a program set Host. */
function post(
  body: string | Buffer,
  headers: Record<string, string> = {},
  { path = '/v1/traces', method = 'POST' } = {},
) {
  const all = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    'content-length': Buffer.byteLength(body),
    ...headers,
  };
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    retryAfter: string | undefined;
    body: unknown;
  }>();
  const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: all });
  request.once('error', reject).once('response', async (response) => {
    const text = (await response.toArray()).join('');
    const { statusCode: status = 0, headers: given } = response;
    resolve({ status, retryAfter: given['retry-after'], body: JSON.parse(text) });
  });
  request.end(body);
  return promise;
}
const requestOf = (...spans: unknown[]) => JSON.stringify(otlpRequest(spans));
const stored = () =>
  listTraces(store, TraceFilter.parse({})).reduce((sum, { spans }) => sum + spans, 0);

describe('the receiver', () => {
  it.each(['application/json', 'application/json; charset=utf-8'])(
    'stores spans of type %s before it responds',
    async (type) => {
      expect(await post(requestOf(otlpSpan(1)), { 'content-type': type })).toMatchObject({
        status: 200,
        body: {},
      });
      expect(stored()).toBe(1);
    },
  );

  it('unpacks gzip', async () => {
    const body = gzipSync(requestOf(otlpSpan(1)));
    expect((await post(body, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(stored()).toBe(1);
  });

  it('stores concurrent batches of 40 senders completely, each span once', async () => {
    const batches = Array.from({ length: 40 }, (_, sender) =>
      requestOf(...Array.from({ length: 25 }, (_, n) => otlpSpan((sender >> 1) * 25 + n + 1))),
    );
    const answers = await Promise.all(batches.map((batch) => post(batch)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(stored()).toBe(500); // every batch was sent by two senders
  });

  it('reports the spans that it rejects', async () => {
    const body = requestOf(otlpSpan(1), otlpSpan(2, { traceId: 'short' }));
    expect(await post(body)).toMatchObject({
      status: 200,
      body: { partialSuccess: { rejectedSpans: '1', errorMessage: expect.any(String) } },
    });
    expect(stored()).toBe(1);
  });

  it.each<[string, string | Buffer, Record<string, string>, object, number]>([
    ['no token', requestOf(), { authorization: '' }, {}, 401],
    ['a wrong token', requestOf(), { authorization: 'Bearer b-token' }, {}, 401],
    ['a foreign host (DNS rebinding)', requestOf(), { host: 'evil.example' }, {}, 403],
    ['another path', requestOf(), {}, { path: '/v1/metrics' }, 404],
    ['another method', '', {}, { method: 'PUT' }, 405],
    ['protobuf', requestOf(), { 'content-type': 'application/x-protobuf' }, {}, 415],
    ['text', requestOf(), { 'content-type': 'text/plain' }, {}, 415],
    ['another encoding', requestOf(), { 'content-encoding': 'br' }, {}, 415],
    ['what is not gzip', requestOf(), { 'content-encoding': 'gzip' }, {}, 400],
    ['what is not JSON', '{"resourceSpans":[', {}, {}, 400],
    ['an empty body', '', {}, {}, 400],
    ['bytes', Buffer.from([0, 255, 254]), {}, {}, 400],
    ['JSON of another shape', '{"resourceSpans":"all"}', {}, {}, 400],
    ['JSON that is nested too deeply', `${'['.repeat(1e6)}${']'.repeat(1e6)}`, {}, {}, 400],
    ['a body that is too large', Buffer.alloc(BODY_BYTES_MAX + 1, 32), {}, {}, 413],
    [
      'a body that is too large when it is unpacked',
      gzipSync(Buffer.alloc(BODY_BYTES_MAX + 1, 32)),
      { 'content-encoding': 'gzip' },
      {},
      413,
    ],
  ])('refuses %s, and continues', async (_what, body, headers, more, status) => {
    expect((await post(body, headers, more)).status).toBe(status);
    expect((await post(requestOf(otlpSpan(1)))).status).toBe(200);
    expect(stored()).toBe(1);
  });

  it('refuses a body that is too large although it announces no size', async () => {
    const chunked = { 'transfer-encoding': 'chunked' };
    const body = Buffer.alloc(BODY_BYTES_MAX + 100_000, 32);
    const all = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: 'POST',
      headers: all,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect([response.status, chunked]).toEqual([413, chunked]);
  });

  it('makes senders wait while too many bytes are pending', async () => {
    const slow = connect(port, '127.0.0.1');
    const head = [
      'POST /v1/traces HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      `authorization: Bearer ${token}`,
      'content-type: application/json',
      `content-length: ${PENDING_BYTES_MAX * 2}`,
    ];
    slow.write(`${head.join('\r\n')}\r\n\r\n${' '.repeat(PENDING_BYTES_MAX + 1)}`);
    const refused = { status: 429, retryAfter: '1' };
    await expect.poll(() => post(requestOf(otlpSpan(1)))).toMatchObject(refused);
    slow.destroy();
    await expect.poll(() => post(requestOf(otlpSpan(1)))).toMatchObject({ status: 200 });
  });

  it('drops spans while the store cannot be written, and requests no retry', async () => {
    writeFileSync(join(folder, 'traces'), 'a file, where the folder should be');
    expect(await post(requestOf(otlpSpan(1), otlpSpan(2, { traceId: traceId(2) })))).toMatchObject({
      status: 200,
      body: { partialSuccess: { rejectedSpans: '2' } },
    });
    expect(dropped).toBe(2);
    rmSync(join(folder, 'traces'));
  });
});
