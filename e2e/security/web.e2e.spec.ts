import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Environment } from '@fieldguide/platform-host/environment';
import { runningPlatform, tokenFileOf } from '@fieldguide/platform-host/state';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { send } from '../shop.ts';
import { attacker, nothingChanges } from './attack.ts';

nothingChanges();

const environment = new Environment('e2e');
const apiUrl = () => runningPlatform(environment)!.apiUrl!;
let authorization: string;
let cookie: string;
beforeAll(async () => {
  authorization = `Bearer ${readFileSync(tokenFileOf(environment), 'utf8')}`;
  const { body } = await ofPlatform('POST', '/console/codes', { authorization });
  const code = new URL(JSON.parse(body).url).hash.slice('#code='.length);
  const session = await ofPlatform('POST', '/session', {}, JSON.stringify({ code }));
  cookie = session.headers['set-cookie']![0]!.split(';')[0]!;
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Unlike `fetch`, sends any Host, Origin and Cookie. */
function ofPlatform(method: string, path: string, more: object = {}, body?: string) {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...more };
  return new Promise<Answer>((resolve, reject) => {
    request(apiUrl() + path, { method, headers, timeout: 10_000 }, async (response) => {
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        body: await text(response),
      });
    })
      .on('error', reject)
      .end(body);
  });
}

const hostOf = () => new URL(apiUrl()).host;
const restart = '/apps/catalog/restarts';

describe('the API of the platform', () => {
  const rejections: Record<string, [method: string, headers: () => object, status: number]> = {
    'without a token or session': ['GET', () => ({}), 401],
    'with a wrong token': ['GET', () => ({ authorization: 'Bearer x' }), 401],
    'with an empty token': ['GET', () => ({ authorization: 'Bearer ' }), 401],
    'with a made-up session': ['GET', () => ({ cookie: `${cookie.split('=')[0]}=x` }), 401],
    'under a foreign name (DNS rebinding)': [
      'GET',
      () => ({ authorization, host: 'attacker.example' }),
      403,
    ],
    'from a page of another origin, with the token': [
      'GET',
      () => ({ authorization, origin: 'https://attacker.example' }),
      403,
    ],
    'from a page of another origin, with the session': [
      'GET',
      () => ({ cookie, origin: 'https://attacker.example' }),
      403,
    ],
    'from a page of another port of this machine': [
      'GET',
      () => ({ cookie, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }),
      403,
    ],
    'from another site, without an origin': [
      'GET',
      () => ({ cookie, 'sec-fetch-site': 'cross-site' }),
      403,
    ],
    'from a file or a sandboxed frame': ['GET', () => ({ cookie, origin: 'null' }), 403],
  };
  it.each(Object.keys(rejections))('refuses a read %s', async (what) => {
    const [method, headers, status] = rejections[what]!;
    expect((await ofPlatform(method, '/status', headers())).status).toBe(status);
  });

  it('refuses a write with the session that is not from its own page (CSRF)', async () => {
    const own = { cookie, origin: `http://${hostOf()}`, 'sec-fetch-site': 'same-origin' };
    expect((await ofPlatform('GET', '/status', own)).status).toBe(200);
    for (const headers of [
      { cookie },
      { cookie, 'sec-fetch-site': 'none' },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie, origin: 'https://attacker.example' },
    ])
      expect((await ofPlatform('POST', restart, headers)).status).toBe(403);
  });
  it('cannot be called by a form', async () => {
    const types = { 'text/plain': 422, 'application/x-www-form-urlencoded': 415 };
    for (const [type, rejection] of Object.entries(types)) {
      const headers = { cookie, origin: `http://${hostOf()}`, 'content-type': type };
      const { status } = await ofPlatform('PATCH', '/apps/catalog', headers, '{"instances":3}');
      expect(status).toBe(rejection);
    }
  });
  it('shares nothing with other origins, and no page can frame it', async () => {
    for (const path of ['/console/map', '/status']) {
      const { headers } = await ofPlatform('GET', path, { cookie });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });
  it('reaches no address but those of apps through its calls', async () => {
    const paths = [
      '/apps/127.0.0.1:22/calls/',
      '/apps/identity@attacker.example/calls/',
      '/apps/..%2f..%2fstatus/calls/x',
      '/apps/unknown/calls/metrics',
    ];
    for (const path of paths)
      expect((await ofPlatform('GET', path, { authorization })).status).toBe(404);
    const away = await ofPlatform('GET', '/apps/catalog/calls//attacker.example/x', {
      authorization,
    });
    expect(away.status).toBe(404);
  });
  it('serves no file outside the console', async () => {
    for (const path of [
      '/console/../api-token',
      '/console/%2e%2e/api-token',
      '/console/..%2fapi-token',
    ])
      expect((await ofPlatform('GET', path, { authorization })).body).not.toContain(
        authorization.slice('Bearer '.length),
      );
  });
  it('uses a link to sign in once', async () => {
    const { body } = await ofPlatform('POST', '/console/codes', { authorization });
    const code = JSON.stringify({
      code: new URL(JSON.parse(body).url).hash.slice('#code='.length),
    });
    const statuses = [
      (await ofPlatform('POST', '/session', {}, code)).status,
      (await ofPlatform('POST', '/session', {}, code)).status,
    ];
    expect(statuses).toEqual([204, 401]);
  });
});

describe('the shop in a browser', () => {
  it('allows scripts of its own files only, and no page can frame it', async () => {
    for (const path of ['/', '/shop', '/shop/orders/x']) {
      const { headers } = await send('GET', path);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|http:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
  it('reflects no origin, and allows no credentials', async () => {
    for (const origin of ['https://attacker.example', 'null', inject('shop').gatewayUrl]) {
      const { headers } = await send('GET', '/products', { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).not.toBe(origin);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });
  it('returns what a caller sends as JSON, never as a page', async () => {
    const html = '<script>alert(1)</script>';
    const requests = [
      await send('GET', `/products?query=${encodeURIComponent(html)}`),
      await send('GET', `/products/${encodeURIComponent(html)}`),
      await send('GET', `/${encodeURIComponent(html)}`),
      await send('GET', `/orders?cursor=${encodeURIComponent(html)}`, { token: attacker.token }),
    ];
    for (const { headers } of requests) {
      expect(headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});
