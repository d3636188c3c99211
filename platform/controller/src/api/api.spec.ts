import { readFileSync, statSync } from 'node:fs';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Platform } from '../platform.ts';

let api: FastifyInstance;
let platform: Platform;
let token: string;
let host: string;
const requests: string[] = [];
beforeAll(async () => {
  useTestWorkspace();
  const { Environment } = await import('@fieldguide/platform-host/environment');
  const platformModule = await import('../platform.ts');
  const { Operations } = await import('../operations.ts');
  const { tokenFileOf } = await import('@fieldguide/platform-host/state');
  const { openApi } = await import('./api.ts');
  const environment = new Environment('api');
  platform = new platformModule.Platform({ environment, choices: {}, gatewayPort: 0 });
  api = await openApi(
    platform,
    new Operations(platform),
    () => requests.push('stop'),
    async () => ({}),
  );
  token = readFileSync(tokenFileOf(environment), 'utf8');
  expect(statSync(tokenFileOf(environment)).mode & 0o777).toBe(0o600);
  host = new URL(platform.apiUrl!).host;
});
afterAll(async () => {
  await api.close();
  await platform.stop();
  vi.unstubAllEnvs();
});

const request = (
  url: string,
  headers: Record<string, string | undefined> = {},
  more: InjectOptions = {},
) => {
  const all = { host, authorization: `Bearer ${token}`, ...headers };
  const given = Object.entries(all).filter(
    (each): each is [string, string] => each[1] !== undefined,
  );
  return api.inject({ url, headers: Object.fromEntries(given), ...more });
};

describe('the API', () => {
  it.each<[string, Record<string, string | undefined>, number]>([
    ['no token', { authorization: undefined }, 401],
    ['a wrong token', { authorization: 'Bearer wrong' }, 401],
    ['a token of the same length', { authorization: `Bearer ${'x'.repeat(32)}` }, 401],
    ['a foreign host (DNS rebinding)', { host: 'evil.example:8090' }, 403],
    ['the right name with another port', { host: '127.0.0.1:1' }, 403],
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ['an origin with the same prefix', { origin: 'http://127.0.0.1.evil.example' }, 403],
    ['a page without origin', { origin: 'null' }, 403],
  ])('refuses %s', async (_what, headers, status) => {
    for (const path of ['/openapi.json', '/status', '/events', '/nowhere']) {
      const response = await request(path, headers);
      expect([path, response.statusCode]).toEqual([path, status]);
      expect(response.headers['content-type']).toMatch('application/problem+json');
    }
    const stop = await request('/stops', headers, { method: 'POST' });
    expect(stop.statusCode).toBe(status);
    expect(requests).toEqual([]);
  });

  it.each([
    '/apps/../../secrets.json',
    '/apps/..%2f..%2fsecrets.json',
    '/apps/%2e%2e/settings',
    '//etc/passwd',
    '/apps/alpha%00',
    '/apps/constructor',
    '/apps/__proto__/settings',
    '/logs?app=..%2fsecrets',
    '/services/..%2f/restarts',
  ])('falls for no trick in a path: %s', async (path) => {
    const response = await request(path);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    expect(response.body).not.toMatch(/postgresPassword|root:/);
  });

  it('lets no page read across origins', async () => {
    const response = await request('/openapi.json', { origin: `http://${host}` });
    expect(response.statusCode).toBe(200);
    expect(Object.keys(response.headers).join()).not.toMatch(/access-control/);
  });

  it('describes itself', async () => {
    const document = (await request('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/apps/{app}/pushes',
        '/events',
        '/logs',
        '/services/{service}/restarts',
      ]),
    );
  });

  it.each<[string, string, object | string | undefined, RegExp]>([
    ['PATCH', '/apps/alpa', { instances: 2 }, /Did you mean \\"alpha\\"/],
    ['PATCH', '/apps/alpha', { instances: 'many' }, /instances/],
    ['PATCH', '/apps/alpha', { instance: 2 }, /instance/],
    ['PATCH', '/apps/alpha', '{', /JSON/],
    ['PATCH', '/apps/alpha', { instances: 2 }, /still starting/],
    ['POST', '/apps/alpha/instances/0/signals', { signal: 'SIGKILL' }, /index/],
    ['POST', '/apps/alpha/instances/1/signals', { signal: 'SIGKILL' }, /no instance alpha\/1/],
    ['GET', '/logs?since=yesterday', undefined, /since/],
    ['GET', '/nowhere', undefined, /no such resource/],
  ])('explains %s %s', async (method, path, payload, message) => {
    const response = await request(
      path,
      { ...(payload && { 'content-type': 'application/json' }) },
      {
        method: method as 'GET',
        ...(payload && { payload }),
      },
    );
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    expect(response.body).toMatch(message);
    expect(response.json()).toMatchObject({
      type: expect.any(String),
      status: response.statusCode,
    });
  });
});
