import { once } from 'node:events';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  callsOf,
  type RunningGateway,
  runGateway,
  type Upstream,
  upstream,
} from '../testing/running-gateway.ts';

const CONTROL = 'public, max-age=300, stale-while-revalidate=30, stale-if-error=300';
const PRODUCT = '/products/01900000-0000-7000-8000-000000000001';
const ID = PRODUCT.split('/').at(-1)!;
const page = JSON.stringify({
  items: Array.from({ length: 100 }, (_, n) => ({ id: n, name: 'a tent' })),
});

let catalog: Upstream;
let gateway: RunningGateway;
let seen: string[];
let lastHeaders: IncomingMessage['headers'];
let isAway: boolean;
let version: number;
beforeEach(async () => {
  [seen, isAway, version] = [[], false, 1];
  catalog = await upstream((incoming, response) => {
    const { method, url, headers } = incoming;
    seen.push(`${method} ${url}`);
    lastHeaders = headers;
    const etag = url!.startsWith('/products/') ? `"${version}"` : `W/"${version}"`;
    const common = { 'content-type': 'application/json', 'cache-control': CONTROL, etag };
    if (isAway) response.writeHead(503).end('{}');
    else if (url!.includes('dead')) response.writeHead(404).end('{}');
    else if (method === 'PATCH') response.writeHead(200).end(`{"version":${++version}}`);
    else if (headers['if-none-match'] === etag) response.writeHead(304, common).end();
    else
      response
        .writeHead(200, { ...common, connection: 'close, X-Hop', 'x-hop': '1' })
        .end(etag.startsWith('W') ? page : `{"version":${version}}`);
  });
  gateway = await runGateway(catalog.port);
});
afterEach(async () => {
  await gateway.close();
  await catalog.close();
});

const agent = new Agent({ maxSockets: 50 });
/** The response as it is on the wire: `fetch` decompresses. */
async function send(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET') {
  const sent = request({ port: gateway.port, path, method, headers, agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode: status, headers: received } = response;
  return { status, headers: received, body: Buffer.concat(chunks) };
}

describe('a public read', () => {
  it('is answered from the cache with age, validator, and the headers of the gateway', async () => {
    const first = await send(PRODUCT);
    expect(first.headers['cache-status']).toBe('gateway; fwd=uri-miss; fwd-status=200; stored');
    const { status, headers, body } = await send(PRODUCT);
    expect([status, body.toString()]).toEqual([200, '{"version":1}']);
    expect(headers).toMatchObject({
      'cache-status': expect.stringMatching(/^gateway; hit; ttl=\d+$/),
      age: expect.stringMatching(/^\d+$/),
      'cache-control': CONTROL,
      etag: '"1"',
      'content-length': '13',
      'x-content-type-options': 'nosniff',
      'ratelimit-policy': '"caller";q=6000;w=60',
      ratelimit: expect.stringMatching(/^"caller";r=5998;t=\d+$/),
    });
    expect(headers).not.toHaveProperty('x-hop');
    expect(seen).toEqual([`GET ${PRODUCT}`]);
  });

  it('is requested from the service once for 500 callers', async () => {
    const before = await callsOf('catalog');
    const all = await Promise.all(Array.from({ length: 500 }, () => send(PRODUCT)));
    expect(new Set(all.map(({ body }) => body.toString()))).toEqual(new Set(['{"version":1}']));
    expect(seen).toHaveLength(1);
    expect((await callsOf('catalog')) - before).toBe(1);
  });

  it('is not modified for a caller that has it', async () => {
    await send('/products');
    for (const etag of ['"1"', 'W/"1"', '"0", W/"1"', '*']) {
      const { status, headers, body } = await send('/products', { 'if-none-match': etag });
      expect([status, body.length, headers.etag]).toEqual([304, 0, 'W/"1"']);
      expect(headers).toHaveProperty('cache-status');
      expect(headers).not.toHaveProperty('content-length');
    }
    expect((await send('/products', { 'if-none-match': '"2"' })).status).toBe(200);
    expect(seen).toHaveLength(1);
  });

  it('is compressed once for callers that accept it, unless its tag is for If-Match', async () => {
    const [zipped, plain, refused] = await Promise.all(
      ['br, gzip', 'identity', 'gzip;q=0'].map((accepted) =>
        send('/products', { 'accept-encoding': accepted }),
      ),
    );
    expect(zipped!.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(zipped!.body).toString()).toBe(page);
    for (const { headers, body } of [plain!, refused!]) {
      expect(headers).not.toHaveProperty('content-encoding');
      expect(headers.vary).toBe('accept-encoding');
      expect(body.toString()).toBe(page);
    }
    const product = await send(PRODUCT, { 'accept-encoding': 'gzip' });
    expect([product.headers.etag, product.headers['content-encoding']]).toEqual(['"1"', undefined]);
  });

  it('is the same for a signed-in caller, and no header of the caller reaches the service', async () => {
    const token = { authorization: `Bearer ${gateway.keys.token('ada', 'orders:read')}` };
    await send(PRODUCT, { ...token, cookie: 'a=b', 'accept-language': 'de' });
    expect(Object.keys(lastHeaders).sort()).toEqual(
      expect.not.arrayContaining(['authorization', 'cookie', 'accept-language', 'x-forwarded-for']),
    );
    expect((await send(PRODUCT)).headers['cache-status']).toContain('hit');
    expect((await send(PRODUCT, token)).headers['cache-control']).toBe(CONTROL);
  });

  it('is marked as stale while the service is away; an unknown product is unavailable', async () => {
    await send(PRODUCT);
    gateway.productChanged(ID);
    isAway = true;
    const { status, headers, body } = await send(PRODUCT);
    expect([status, body.toString()]).toEqual([200, '{"version":1}']);
    expect(headers['cache-status']).toMatch(/^gateway; hit; ttl=\d+; detail=stale-if-error$/);
    await catalog.close();
    const unknown = await send('/products/01900000-0000-7000-8000-000000000002');
    expect([unknown.status, unknown.headers['retry-after']]).toEqual([503, '1']);
    expect(unknown.headers['content-type']).toContain('application/problem+json');
  });

  it('is fetched again after an event of catalog, and after a change through this gateway', async () => {
    for (const path of [PRODUCT, '/products']) await send(path);
    gateway.productChanged(ID);
    for (const path of [PRODUCT, '/products'])
      expect((await send(path)).headers['cache-status']).toContain('fwd=stale; fwd-status=304');
    const authorization = `Bearer ${gateway.keys.token('grace', 'catalog:write')}`;
    expect((await send(PRODUCT, { authorization }, 'PATCH')).status).toBe(200);
    expect((await send(PRODUCT)).body.toString()).toBe('{"version":2}');
  });
});

describe('no caller poisons what others get', () => {
  it.each([
    ['HEAD', {}, 'HEAD'],
    ['a range', { range: 'bytes=0-3' }, 'GET'],
    ['another method in a header', { 'x-http-method-override': 'DELETE' }, 'GET'],
    ['another host', { host: 'evil.test', 'x-forwarded-host': 'evil.test' }, 'GET'],
    ['a condition', { 'if-none-match': '"1"' }, 'GET'],
    ['another format', { accept: 'text/html', 'accept-encoding': 'br' }, 'GET'],
  ])('with %s', async (_case, headers, method) => {
    await send(PRODUCT, headers, method);
    expect(seen).toEqual([`GET ${PRODUCT}`]);
    expect(JSON.stringify(lastHeaders)).not.toContain('evil');
    const { status, body } = await send(PRODUCT);
    expect([status, body.toString()]).toEqual([200, '{"version":1}']);
  });

  it('with a query, which is part of the key, or another spelling, which is not cached', async () => {
    const others = [
      ...['?', '?limit=1', '?LIMIT=1', '?utm=x'].map((query) => PRODUCT + query),
      ...['/%70roducts', `/products/${ID.toUpperCase()}A`, `/products?${'x'.repeat(600)}`],
    ];
    for (const path of others) await send(path);
    expect(seen).toEqual(others.map((path) => `GET ${path}`));
    await send(PRODUCT);
    for (const path of others.slice(4)) expect(await send(path)).not.toHaveProperty('cache-status');
    expect(seen).toHaveLength(others.length * 2 - 3);
  });

  it('with a product that does not exist: nothing but 200 is stored', async () => {
    const unknown = `${PRODUCT.slice(0, -4)}dead`;
    for (const _ of [1, 2]) expect((await send(unknown)).status).toBe(404);
    expect(seen).toHaveLength(2);
  });
});

describe('a page of another origin', () => {
  const preflight = { origin: 'https://shop.test', 'access-control-request-method': 'POST' };

  it('is not allowed by default', async () => {
    expect((await send('/orders', preflight, 'OPTIONS')).status).toBe(405);
    expect((await send(PRODUCT, preflight)).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });

  it('is allowed by CORS_ORIGINS, also from the cache and above a limit', async () => {
    await gateway.close();
    const env = { CORS_ORIGINS: 'https://shop.test', RATE_LIMIT_PER_MINUTE: '3' };
    gateway = await runGateway(catalog.port, env);
    const { status, headers } = await send('/orders', preflight, 'OPTIONS');
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.test',
      'access-control-allow-headers': expect.stringContaining('Idempotency-Key'),
    });
    const other = await send('/products', { origin: 'https://evil.test' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    for (const expected of [200, 200, 429]) {
      const response = await send('/products', preflight);
      expect(response.status).toBe(expected);
      expect(response.headers['access-control-allow-origin']).toBe('https://shop.test');
      expect(response.headers.vary).toMatch(
        expected === 200 ? /accept-encoding.*Origin/ : /Origin/,
      );
    }
    const limited = await send(PRODUCT);
    expect(limited.headers).toMatchObject({
      ratelimit: expect.stringMatching(/^"caller";r=0;t=\d+$/),
      'retry-after': expect.stringMatching(/^\d+$/),
    });
  });
});
