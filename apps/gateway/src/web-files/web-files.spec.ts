import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunningGateway,
  runGateway,
  type Upstream,
  upstream,
} from '../testing/running-gateway.ts';

const folder = mkdtempSync(join(tmpdir(), 'fieldguide-web-'));
const script = 'console.log("shop");';

/** An artifact as the stager leaves it, and the platform's link to it. */
function use(version: string): void {
  const artifact = join(folder, version);
  mkdirSync(join(artifact, 'assets'), { recursive: true });
  writeFileSync(join(artifact, 'index.html'), `<title>${version}</title>`);
  writeFileSync(join(artifact, 'artifact.json'), '{}');
  writeFileSync(join(artifact, 'assets', `${version}-1a2b.js`), script);
  writeFileSync(join(artifact, 'assets', `${version}-1a2b.js.br`), brotliCompressSync(script));
  symlinkSync(artifact, join(folder, 'next'), 'junction');
  renameSync(join(folder, 'next'), join(folder, 'current'));
}

let service: Upstream;
let gateway: RunningGateway;
beforeAll(async () => {
  use('one');
  service = await upstream((_request, response) => response.end('{}'));
  gateway = await runGateway(service.port, { WEB_FOLDER: join(folder, 'current') });
});
afterAll(async () => {
  await gateway.close();
  await service.close();
});

const get = (path: string, headers = {}) =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers, redirect: 'manual' });

/** `fetch` would normalise the path. */
const statusOf = (path: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const to = { port: gateway.port, host: '127.0.0.1', path };
    request(to, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });

describe('the web application', () => {
  it.each(['/', '/shop', '/shop/orders/1', '/shop/products/%00'])(
    'answers %s with its document, which is not cached and allows no foreign script',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('<title>one</title>');
      expect(response.headers.get('content-type')).toMatch('text/html');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(response.headers.get('content-security-policy')).toMatch(
        /default-src 'self'.*frame-ancestors 'none'/,
      );
    },
  );

  it('serves a file with a hash for a year, in the compressed form', async () => {
    const response = await get('/assets/one-1a2b.js', { 'accept-encoding': 'br' });
    expect(response.headers.get('content-encoding')).toBe('br');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toMatch('/javascript');
    expect(await response.text()).toBe(script);
    const plain = await get('/assets/one-1a2b.js', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  it.each([
    '/assets/none.js',
    '/assets/',
    '/assets/../artifact.json',
    '/assets/..%2fartifact.json',
    '/assets/%2e%2e/artifact.json',
    '/assets//etc/passwd',
    '/index.html',
    '/artifact.json',
    '/elsewhere',
  ])('has nothing at %s', async (path) => {
    expect(await statusOf(path)).toBeGreaterThanOrEqual(400);
    expect(await statusOf(path)).toBeLessThan(500);
  });

  it('leaves the API as it is', async () => {
    expect(await (await get('/products')).text()).toBe('{}');
    expect((await get('/docs')).status).toBe(200);
  });

  it('serves the new files after a push, without a restart', async () => {
    use('two');
    expect(await (await get('/')).text()).toBe('<title>two</title>');
    expect((await get('/assets/two-1a2b.js')).status).toBe(200);
  });
});
