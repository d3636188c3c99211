import type { IncomingMessage } from 'node:http';
import { startTracing } from '@fieldguide/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningGateway,
  runGateway,
  talk,
  type Upstream,
  upstream,
} from '../testing/running-gateway.ts';

let service: Upstream;
let gateway: RunningGateway;
let stopTracing: () => Promise<void>;
let seen: IncomingMessage[] = [];
beforeAll(async () => {
  stopTracing = await startTracing();
  service = await upstream((incoming, response) => {
    seen.push(incoming);
    incoming.resume().on('end', () =>
      response
        .writeHead(200, {
          connection: 'close, X-Internal',
          'x-internal': 'node-7',
          'x-kept': 'yes',
          'keep-alive': 'timeout=5',
          'referrer-policy': 'same-origin',
        })
        .end('{}'),
    );
  });
  gateway = await runGateway(service.port);
});
afterAll(async () => {
  await gateway.close();
  await service.close();
  await stopTracing();
});
beforeEach(() => {
  seen = [];
});

const request = (line: string, ...headers: string[]) =>
  talk(
    gateway.port,
    [`${line} HTTP/1.1`, 'Host: shop', 'Connection: close', ...headers, '', ''].join('\r\n'),
  );
const token = () => `Authorization: Bearer ${gateway.keys.token('ada', 'accounts:erase')}`;

describe('the gateway forwards', () => {
  it.each(['with a length', 'in chunks'])('every byte of a body, %s', async (kind) => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, n) => n % 256));
    const binary = await upstream((_incoming, response) => {
      if (kind === 'with a length') response.setHeader('content-length', bytes.length);
      response.write(bytes);
      response.end();
    });
    const own = await runGateway(binary.port);
    const response = await fetch(`http://127.0.0.1:${own.port}/stock/7`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    await own.close();
    await binary.close();
  });

  it('no header that Connection names, in either direction', async () => {
    const response = await talk(
      gateway.port,
      'GET /stock/7 HTTP/1.1\r\nHost: shop\r\nConnection: close, X-Hop,  x-other\r\nX-Hop: 1\r\nX-Other: 2\r\nX-End: 3\r\n\r\n',
    );
    expect(seen[0]!.headers).not.toHaveProperty('x-hop');
    expect(seen[0]!.headers).not.toHaveProperty('x-other');
    expect(seen[0]!.headers['x-end']).toBe('3');
    expect(response).not.toMatch(/x-internal|timeout=5/i);
    expect(response).toContain('x-kept: yes');
  });

  it('no trace of the caller, and one of its own', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await request(
      'GET /stock/7',
      `Traceparent: 00-${trace}-b7ad6b7169203331-01`,
      'Tracestate: a=b',
      'Baggage: user=root',
    );
    const { headers } = seen[0]!;
    expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    expect(JSON.stringify(headers)).not.toMatch(new RegExp(`${trace}|a=b|user=root`));
  });

  it('forwarding headers of its own, never the caller’s', async () => {
    await request(
      'GET /stock/7',
      'Forwarded: for=1.2.3.4',
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: gopher',
      'X-Forwarded-Anything: x',
      'X-Real-IP: 1.2.3.4',
    );
    const { headers } = seen[0]!;
    expect(JSON.stringify(headers)).not.toMatch(/1\.2\.3\.4|evil|gopher|anything/);
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  it('a target with scheme and host as its path', async () => {
    expect(await request('GET http://other.test/products?limit=1')).toMatch(/^HTTP\/1.1 200/);
    expect(seen[0]!.url).toBe('/products?limit=1');
    expect(await request('GET http://other.test')).toMatch(/^HTTP\/1.1 302/);
  });

  it('an response with the service’s own header before its own', async () => {
    const response = await request('GET /products');
    expect(response.match(/referrer-policy: .*/gi)).toEqual(['referrer-policy: same-origin']);
    expect(response).toContain('x-content-type-options: nosniff');
    expect(response).toContain("frame-ancestors 'none'");
  });
});

describe('the gateway refuses', () => {
  it.each([
    ['Host', 'Host: other.test'],
    ['Authorization', 'Authorization: Bearer x', 'authorization: Bearer y'],
  ])('a second %s', async (name, ...headers) => {
    const response = await request('GET /products', ...headers);
    expect(response).toMatch(/^HTTP\/1.1 400 /);
    expect(response).toContain('application/problem+json');
    expect(response).toContain(`The header ${name} is there twice.`);
    expect(seen).toEqual([]);
  });

  it('a method that a known path does not have, with those it has', async () => {
    for (const [line, allow] of [
      ['PUT /products', 'GET, HEAD, POST'],
      ['PROPFIND /products/7?x=1', 'GET, HEAD, PATCH'],
      ['TRACE /auth/tokens', 'DELETE, POST'],
      ['DELETE /docs', 'GET, HEAD'],
    ]) {
      const response = await request(line!);
      expect(response, line).toMatch(/^HTTP\/1.1 405 /);
      expect(response).toContain(`allow: ${allow}\r\n`);
      expect(response).toContain('application/problem+json');
    }
    expect(await request('PUT /nothing')).toMatch(/^HTTP\/1.1 404 /);
    expect(seen).toEqual([]);
  });

  it('a caller without a token, and returns how to authenticate', async () => {
    const response = await request('DELETE /accounts/me');
    expect(response).toMatch(/^HTTP\/1.1 401 /);
    expect(response.toLowerCase()).toContain('www-authenticate: bearer');
  });

  it('an invalid media type as a client error', async () => {
    const response = await request('POST /auth/tokens', 'Content-Type: ;;', 'Content-Length: 0');
    expect(response).toMatch(/^HTTP\/1.1 415 /);
    expect(response).toContain('The request cannot be read.');
  });
});

describe('an response', () => {
  it('is not cached when it needs a token, or returns one', async () => {
    expect(await request('DELETE /accounts/me', token())).toContain('cache-control: no-store');
    expect(await request('POST /auth/tokens', 'Content-Length: 0')).toContain(
      'cache-control: no-store',
    );
    expect(await request('GET /products')).not.toContain('no-store');
  });

  it('at / leads to the documentation, for HEAD too', async () => {
    for (const method of ['GET', 'HEAD']) {
      const response = await request(`${method} /`);
      expect(response).toMatch(/^HTTP\/1.1 302 /);
      expect(response).toContain('location: /docs');
    }
    expect(await request('GET /docs')).toContain("frame-ancestors 'none'");
  });
});

describe('an address', () => {
  it('is limited also where it is rejected, and receives Retry-After', async () => {
    const limited = await runGateway(service.port, { ADDRESS_LIMIT_PER_MINUTE: '5' });
    const get = (path: string) =>
      fetch(`http://127.0.0.1:${limited.port}${path}`, { redirect: 'manual' });
    for (const path of ['/products', '/nothing', '/docs/start.js', '/metrics', '/'])
      expect((await get(path)).status, path).not.toBe(429);
    for (const path of ['/products', '/nothing', '/docs/start.js', '/metrics', '/']) {
      const response = await get(path);
      expect(response.status, path).toBe(429);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await get('/health/ready')).status).toBe(200);
    await limited.close();
  });
});

describe('metrics', () => {
  it('need a token, except on a port beside the public one', async () => {
    const status = async ({ port }: RunningGateway, path = '/metrics') =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect(await status(gateway)).toBe(401);
    const internal = await runGateway(service.port, { PUBLIC_PORT: '1' }); // not opened in a test
    expect([await status(internal), await status(internal, '/info')]).toEqual([200, 401]);
    await internal.close();
    const free = await upstream(() => undefined);
    await free.close();
    const isPublic = { PUBLIC_PORT: String(free.port) };
    const shared = await runGateway(service.port, isPublic, free.port);
    expect(await status(shared)).toBe(401);
    await shared.close();
  });
});
