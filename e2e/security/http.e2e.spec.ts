import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { instances } from '../running-platform.ts';
import { send } from '../shop.ts';
import { attacker, get, nothingChanges, raw, statusOf, victim } from './attack.ts';

nothingChanges();

const own = () => [`Authorization: Bearer ${attacker.token}`];
const post = (path: string, lines: readonly string[], body: string) =>
  [`POST ${path} HTTP/1.1`, 'Host: shop', 'Connection: close', ...lines, '', body].join('\r\n');
const json = 'Content-Type: application/json';
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
const order = (lines: readonly string[], body: string) =>
  post('/orders', [...own(), 'Idempotency-Key: attack-over-http', ...lines], body);

/** Each request gets exactly this status, as a problem document without details of the implementation. */
async function isRefused(bytes: string | Buffer, status: number): Promise<void> {
  const response = await raw(bytes);
  expect([statusOf(response), response.slice(0, 200)]).toEqual([status, expect.any(String)]);
  expect(response.toLowerCase()).toContain('content-type: application/problem+json');
  expect(response).not.toMatch(/node_modules|\.ts:|at \w+ \(|SELECT|postgres/i);
}

describe('a path', () => {
  const paths: Record<string, [path: string, status: number]> = {
    'of the operator in another case': ['/METRICS', 404],
    'of the operator, encoded': ['/%6detrics', 401],
    'of the operator with a slash more': ['//metrics', 404],
    'of the operator with a slash behind it': ['/metrics/', 404],
    'of the operator with a parameter': ['/metrics;x=1', 404],
    'with dots': ['/products/../metrics', 404],
    'with encoded dots': ['/products/%2e%2e/metrics', 404],
    'with an encoded slash': ['/orders%2f01900000-0000-7000-8000-000000000001', 404],
    'with a backslash': ['/products\\..\\metrics', 404],
    'of files below the assets': ['/assets/../../package.json', 403],
    'of files below the assets, encoded': ['/assets/..%2f..%2fpackage.json', 404],
    'of files below the assets, encoded twice': ['/assets/%252e%252e%252fpackage.json', 404],
    'of the internal routes of ordering': ['/checkouts', 404],
    'of the feed of ordering': ['/log/feed', 404],
    'of the dead letters': ['/dead-letters', 404],
    'with NUL': ['/products/%00', 400],
    'that cannot be decoded': ['/products/%ff', 400],
  };
  it.each(Object.keys(paths))('reaches nothing else: %s', async (what) => {
    const [path, status] = paths[what]!;
    await isRefused(get(path), status);
  });
});

describe('a request line or header', () => {
  const heads: Record<string, [bytes: string, status: number]> = {
    'two lengths': [order([json, 'Content-Length: 2', 'Content-Length: 3'], '{}'), 400],
    'a length and chunks': [
      order([json, 'Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      400,
    ],
    'an unknown transfer coding': [order([json, 'Transfer-Encoding: xchunked'], '0\r\n\r\n'), 400],
    'two transfer codings': [order([json, 'Transfer-Encoding: chunked, identity'], '{}'), 400],
    'a negative length': [order([json, 'Content-Length: -1'], '{}'), 400],
    'a folded header': [get('/products', 'X-A: b\r\n c'), 400],
    'a space before the colon': [get('/products', 'X-A : b'), 400],
    'NUL in a header': [get('/products', 'X-A: b\u0000c'), 400],
    'a line feed alone': ['GET /products HTTP/1.1\nHost: shop\r\rX-A: b\n\n', 400],
    'no host': ['GET /products HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    'two hosts': [get('/products', 'Host: other.example'), 400],
    'an unknown method': ['FOO / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n', 501],
    TRACE: ['TRACE /products HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n', 405],
    'another method of a known path': [
      'PUT /products HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      405,
    ],
    'a method in a header': [get('/products/x', 'X-HTTP-Method-Override: DELETE'), 400],
    '1,500 headers': [
      get('/products/x', ...Array.from({ length: 1_500 }, (_, n) => `X-${n}: 1`)),
      431,
    ],
    'headers of 20 kB': [get('/products', `X-A: ${'a'.repeat(20_000)}`), 431],
    'a wrong expectation': [order([json, 'Expect: 200-maybe', 'Content-Length: 2'], '{}'), 417],
    'HTTP/0.9': ['GET /products\r\n\r\n', 400],
    'HTTP/3.0': ['GET /products HTTP/3.0\r\nHost: shop\r\n\r\n', 400],
    'TLS on a plain port': ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 501],
  };
  it.each(Object.keys(heads))('is refused: %s', async (what) => {
    const [bytes, status] = heads[what]!;
    await isRefused(bytes, status);
  });
});

describe('a body', () => {
  const tooMuch = 'x'.repeat(3_000_000);
  const zipped = gzipSync(Buffer.alloc(5_000_000)).toString('latin1');
  const bodies: Record<string, [lines: string[], body: string, status: number]> = {
    'announced as 10 GB': [[json, 'Content-Length: 10000000000'], '{}', 413],
    'of 3 MB': [[json, `Content-Length: ${tooMuch.length}`], tooMuch, 413],
    'of 3 MB in chunks': [[json, 'Transfer-Encoding: chunked'], chunk(50_000).repeat(4), 413],
    'with a malformed chunk': [[json, 'Transfer-Encoding: chunked'], `${chunk(10)}zz\r\n`, 400],
    'with a chunk size that overflows': [
      [json, 'Transfer-Encoding: chunked'],
      'fffffffffffffffff\r\n',
      400,
    ],
    'that is compressed': [
      [json, 'Content-Encoding: gzip', `Content-Length: ${zipped.length}`],
      zipped,
      400,
    ],
    'as a form': [
      ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'],
      'a=b',
      415,
    ],
    'as XML': [['Content-Type: application/xml', 'Content-Length: 4'], '<a/>', 415],
    'without a content type': [['Content-Length: 2'], '{}', 415],
    'with two content types': [[json, 'Content-Type: text/plain', 'Content-Length: 2'], '{}', 400],
    'that is no JSON': [[json, 'Content-Length: 1'], '{', 400],
    'with a prototype': [[json, 'Content-Length: 32'], '{"__proto__":{"isAdmin":true},""}', 400],
  };
  it.each(Object.keys(bodies))('is refused: %s', async (what) => {
    const [lines, body, status] = bodies[what]!;
    await isRefused(order(lines, body), status);
  });

  it('that never ends is closed in time, and so are headers that never end', async () => {
    const [body, head] = await Promise.all([
      raw(order([json, 'Content-Length: 100'], '{')),
      raw('GET /products HTTP/1.1\r\nHost: shop\r\nX-A: b\r\n'),
    ]);
    expect([statusOf(body), statusOf(head)]).toEqual([408, 408]);
  });
});

describe('a header that only the gateway sets', () => {
  it('changes neither the trace, the address nor the caller', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = {
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'other.example',
      'x-real-ip': '10.0.0.1',
      'x-user-id': victim.id,
    };
    const response = await send('GET', '/orders/x', { token: attacker.token, headers });
    expect(response.status).toBe(400);
    expect(response.body.traceId).not.toBe(trace);
    const list = await send('GET', '/orders', { token: attacker.token, headers });
    expect(list.body.items).toEqual([]);
  });
  it('cannot be removed by naming it in Connection', async () => {
    const lines = ['Connection: authorization, close', `Authorization: Bearer ${victim.token}`];
    const head = `GET /orders/${victim.orderId} HTTP/1.1\r\nHost: shop\r\n${lines.join('\r\n')}\r\n\r\n`;
    expect(statusOf(await raw(head))).toBe(401);
  });
  it('does not evade the rate limit', async () => {
    const remaining = async (address: string) => {
      const response = await send('GET', '/products', { headers: { 'x-forwarded-for': address } });
      return Number(/r=(\d+)/.exec(response.headers.get('ratelimit')!)![1]);
    };
    const first = await remaining('10.1.1.1');
    expect(await remaining('10.1.1.2')).toBeLessThan(first);
  });
});

describe('a connection', () => {
  it('is not upgraded to WebSocket or HTTP/2', async () => {
    for (const protocol of ['websocket', 'h2c']) {
      const lines = [
        `Upgrade: ${protocol}`,
        'Connection: Upgrade, HTTP2-Settings',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ];
      const response = await raw(
        `GET /products HTTP/1.1\r\nHost: shop\r\n${lines.join('\r\n')}\r\n\r\n`,
      );
      expect(statusOf(response)).not.toBe(101);
    }
    expect(statusOf(await raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toBe(400);
  });
  it('carries no second request hidden in the body of the first', async () => {
    const hidden = get('/metrics');
    const request = order([json, `Content-Length: ${hidden.length}`], hidden);
    const response = await raw(request, /$never/);
    expect(response.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  });
});

describe('an instance that is called directly, past the gateway,', () => {
  it('authenticates and authorises by itself', async () => {
    for (const app of ['ordering', 'inventory', 'payments', 'shipping', 'catalog', 'identity']) {
      const [{ url: origin } = { url: '' }] = await instances(app);
      for (const path of ['/dead-letters']) {
        const anonymous = await send('GET', path, { origin });
        const customer = await send('GET', path, { origin, token: attacker.token });
        expect([app, path, anonymous.status, customer.status]).toEqual([app, path, 401, 403]);
      }
    }
    const [{ url: origin } = { url: '' }] = await instances('ordering');
    const path = `/orders/${victim.orderId}`;
    expect((await send('GET', path, { origin })).status).toBe(401);
    expect((await send('GET', path, { origin, token: attacker.token })).status).toBe(404);
  });
});

afterAll(async () => {
  // What was refused has opened no breaker: the shop still serves others.
  const { gatewayUrl } = inject('shop');
  expect(
    (await fetch(`${gatewayUrl}/products`, { signal: AbortSignal.timeout(5_000) })).status,
  ).toBe(200);
});
