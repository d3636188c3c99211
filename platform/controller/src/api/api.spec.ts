import { readFileSync, statSync } from 'node:fs';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
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
  api = await openApi(platform, new Operations(platform), () => requests.push('stop'));
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

  it('writes who has changed something into the log, and who was refused, without a token', async () => {
    const out = await request('/session', { origin: `http://${host}` }, { method: 'DELETE' });
    expect(out.statusCode).toBeLessThan(300);
    await request('/status');
    await request('/stops', { authorization: 'Bearer wrong' }, { method: 'POST' });
    const log = readFileSync(platform.environment.logFile('platform'), 'utf8');
    const lines = log.trim().split('\n');
    expect(lines.slice(-2).map((line) => JSON.parse(line))).toMatchObject([
      { security_event: 'authz_admin', who: 'operator', what: 'DELETE /session' },
      { security_event: 'authn_token_invalid', what: 'POST /stops' },
    ]);
    expect(log).not.toContain(token);
    expect(log).not.toContain('wrong');
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
        '/faults',
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
    ['POST', '/faults', { kind: 'down', target: 'alpha' }, /still starting/],
    ['POST', '/faults', { kind: 'reset', target: 'alpha', percent: 101 }, /percent/],
    ['POST', '/faults', { kind: 'down', target: 'alpha', percent: 5 }, /percent/],
    ['POST', '/resets', { push: ['alpa'] }, /Did you mean \\"alpha\\"/],
    ['POST', '/resets', { pushed: ['alpha'] }, /pushed/],
    ['DELETE', '/faults/9', undefined, /no active fault 9/],
    ['DELETE', '/faults/all', undefined, /id/],
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

describe('the session of a browser', () => {
  const own = () => ({ authorization: undefined, origin: `http://${host}` });
  const newCode = async () => {
    const { url } = (await request('/console/codes', {}, { method: 'POST' })).json();
    return new URLSearchParams(new URL(url).hash.slice(1)).get('code')!;
  };
  const signIn = (code: string, headers: Record<string, string | undefined> = own()) =>
    request('/session', headers, { method: 'POST', payload: { code } });
  /** The cookie as a browser sends it back. */
  const newCookie = async () =>
    String((await signIn(await newCode())).headers['set-cookie']).split(';')[0]!;
  afterEach(() => {
    vi.useRealTimers();
  });

  it('begins with a one-time code, and gives a page of this origin what the token gives', async () => {
    const response = await signIn(await newCode());
    expect(response.statusCode).toBe(204);
    expect(response.headers['set-cookie']).toMatch(
      /^\S+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
    const cookie = await newCookie();
    const page = { ...own(), cookie, 'sec-fetch-site': 'same-origin' };
    expect((await request('/map', page)).statusCode).toBe(200);
    expect((await request('/map', { ...page, origin: undefined })).statusCode).toBe(200);
    expect((await request('/console/codes', page, { method: 'POST' })).statusCode).toBe(200);
  });

  it('refuses a code that is wrong, used, expired, or sent by another page', async () => {
    const code = await newCode();
    expect((await signIn('x'.repeat(code.length))).statusCode).toBe(401);
    expect((await signIn(code, { ...own(), origin: 'http://evil.example' })).statusCode).toBe(403);
    const site = { authorization: undefined, 'sec-fetch-site': 'cross-site' };
    expect((await signIn(code, site)).statusCode).toBe(403);
    expect((await signIn(code)).statusCode).toBe(204);
    const again = await signIn(code);
    expect(again.statusCode).toBe(401);
    expect(again.headers['set-cookie']).toBeUndefined();
    const late = await newCode();
    const { CODE_LIFETIME_MS } = await import('./sessions.ts');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + CODE_LIFETIME_MS + 1 });
    expect((await signIn(late)).statusCode).toBe(401);
  });

  it('keeps a bounded number of codes: the oldest one is dropped', async () => {
    const first = await newCode();
    for (let i = 0; i < 40; i++) await newCode();
    expect((await signIn(first)).statusCode).toBe(401);
    expect((await signIn(await newCode())).statusCode).toBe(204);
  });

  it.each<[string, Record<string, string | undefined>, number]>([
    ['no cookie', { cookie: undefined }, 401],
    ['a made-up session', { cookie: 'api-api=made-up' }, 401],
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ['another port of this host', { origin: 'http://127.0.0.1:1' }, 403],
    ['the other name of this host', { origin: 'http://localhost:PORT' }, 403],
    ['neither Origin nor Sec-Fetch-Site', { origin: undefined }, 403],
    ['a request of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a request of another port', { 'sec-fetch-site': 'same-site' }, 403],
    ['an address that the user opens', { origin: undefined, 'sec-fetch-site': 'none' }, 403],
  ])('changes nothing with %s', async (_what, headers, status) => {
    const cookie = await newCookie();
    const sent = { ...own(), cookie, ...headers };
    if (sent.origin) sent.origin = sent.origin.replace('PORT', new URL(`http://${host}`).port);
    expect((await request('/stops', sent, { method: 'POST' })).statusCode).toBe(status);
    expect(requests).toEqual([]);
  });

  it('shows no data to a page of another origin', async () => {
    const cookie = await newCookie();
    const page = { authorization: undefined, cookie, 'sec-fetch-site': 'same-site' };
    expect((await request('/map', page)).statusCode).toBe(403);
  });

  it('ends by signing out, and after its lifetime', async () => {
    const [one, other] = [await newCookie(), await newCookie()];
    const status = async (cookie: string) =>
      (await request('/map', { ...own(), cookie })).statusCode;
    const out = await request('/session', { ...own(), cookie: one }, { method: 'DELETE' });
    expect(out.headers['set-cookie']).toMatch(/=; .*Max-Age=0/);
    expect([await status(one), await status(other)]).toEqual([401, 200]);
    const { SESSION_LIFETIME_MS } = await import('./sessions.ts');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + SESSION_LIFETIME_MS + 1 });
    expect(await status(other)).toBe(401);
  });

  it('survives a restart of the platform, which knows only its hash', async () => {
    const { Sessions } = await import('./sessions.ts');
    const session = (await newCookie()).split('=')[1]!;
    const file = platform.environment.path('console-sessions');
    expect(new Sessions(file).has(session)).toBe(true);
    expect(readFileSync(file, 'utf8')).not.toContain(session);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('lets no page frame or sniff any response', async () => {
    for (const [path, headers] of [
      ['/map', {}],
      ['/nowhere', { authorization: undefined }],
    ] as const) {
      const response = await request(path, headers);
      expect(response.headers).toMatchObject({
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
      });
    }
  });
});
