import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { beforeAll, describe, expect, it } from 'vitest';
import { consolePages } from './console-pages.ts';
import { guard } from './guard.ts';
import { sendProblem } from './problem.ts';
import { Sessions } from './sessions.ts';

describe('the pages of the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fieldguide-console-'));
  let pages: FastifyInstance;
  beforeAll(async () => {
    pages = Fastify();
    pages.setErrorHandler(sendProblem);
    const sessions = new Sessions(join(folder, 'sessions'));
    const record = () => undefined;
    guard(pages, { token: 'token', sessions, cookie: 'api', hosts: () => ['localhost'], record });
    await pages.register(consolePages(join(folder, 'web')));
  });
  const get = (url: string, headers = {}) =>
    pages.inject({ url, headers: { host: 'localhost', ...headers } });

  it('report that they are being built, then load without a session and under a strict policy', async () => {
    expect((await get('/console/system')).statusCode).toBe(503);
    mkdirSync(join(folder, 'web', 'assets'), { recursive: true });
    writeFileSync(join(folder, 'web', 'index.html'), '<title>console</title>');
    writeFileSync(join(folder, 'web', 'assets', 'main-1a2b.js'), '');
    for (const path of ['/console/system', '/console/orders/1', '/console/sign-in']) {
      const page = await get(path);
      expect([path, page.statusCode, page.body]).toEqual([path, 200, '<title>console</title>']);
      expect(page.headers['cache-control']).toBe('no-cache');
      expect(page.headers['content-security-policy']).toMatch(/^default-src 'self'; img-src/);
      expect(page.headers['x-frame-options']).toBe('DENY');
    }
    const script = await get('/console/assets/main-1a2b.js');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect((await get('/')).headers['location']).toBe('/console/system');
  });
  it.each([
    ['/console/assets/none.js', 404],
    ['/console/assets/..%2findex.html', 404],
    ['/elsewhere', 401],
  ])('have nothing at %s', async (path, status) => {
    expect((await get(path)).statusCode).toBe(status);
  });
  it('answer to no foreign name', async () => {
    expect((await get('/console/system', { host: 'evil.example' })).statusCode).toBe(403);
  });
});
