import { appNames } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { describe, expect, inject, it } from 'vitest';
import { send } from './shop.ts';

const secrets = () => new Environment('e2e').secrets(appNames).clients;
const basic = (id: string, secret = secrets()[id]!) =>
  `Basic ${Buffer.from(`${id}:${encodeURIComponent(secret)}`).toString('base64')}`;

async function request(form: Record<string, string>, authorization?: string, type?: string) {
  const response = await fetch(`${inject('shop').gatewayUrl}/oauth/token`, {
    method: 'POST',
    headers: {
      'content-type': type ?? 'application/x-www-form-urlencoded',
      ...(authorization && { authorization }),
    },
    body: new URLSearchParams(form).toString(),
    signal: AbortSignal.timeout(15_000),
  });
  return {
    status: response.status,
    headers: response.headers,
    // biome-ignore lint/suspicious/noExplicitAny: the tests themselves assert the shape
    body: (await response.json()) as any,
  };
}
const grant = { grant_type: 'client_credentials' };

describe('the token endpoint of OAuth', () => {
  it('issues an access token of RFC 9068 to a client, in either way of authentication', async () => {
    const { status, headers, body } = await request(grant, basic('shipping'));
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'orders:address:read',
    });
    const [header, claims] = (body.access_token as string)
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(claims).toMatchObject({ sub: 'shipping', client_id: 'shipping', aud: 'fieldguide/e2e' });
    expect(claims.exp - claims.iat).toBe(300);
    const secret = secrets()['shipping']!;
    const posted = await request({ ...grant, client_id: 'shipping', client_secret: secret });
    expect(posted.status).toBe(200);
  });

  it('refuses with the errors of OAuth', async () => {
    const wrong = await request(grant, basic('shipping', 'wrong'));
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
    expect(wrong.headers.get('www-authenticate')).toBe('Basic');
    const scope = await request({ ...grant, scope: 'orders:read:any' }, basic('shipping'));
    expect([scope.status, scope.body.error]).toEqual([400, 'invalid_scope']);
    const refresh = await request({ grant_type: 'refresh_token', refresh_token: 'none' });
    expect([refresh.status, refresh.body.error]).toEqual([400, 'invalid_grant']);
    expect((await request(grant, basic('shipping'), 'text/plain')).status).toBe(415);
  });

  it('takes forms on no other route', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'grantType=refreshToken&refreshToken=x';
    expect((await send('POST', '/auth/tokens', { headers, body })).status).toBe(415);
  });

  it('gives a client its own scopes only: 403 elsewhere', async () => {
    const { access_token: token } = (await request(grant, basic('shipping'))).body;
    expect((await send('GET', '/orders', { token })).status).toBe(403);
    const catalog = await request(grant, basic('catalog'));
    expect((await send('GET', '/orders', { token: catalog.body.access_token })).status).toBe(403);
  });

  it('is described by metadata, with the address of the gateway', async () => {
    const { gatewayUrl } = inject('shop');
    const { body } = await send('GET', '/.well-known/oauth-authorization-server');
    expect(body).toMatchObject({
      issuer: 'fieldguide/e2e',
      token_endpoint: `${gatewayUrl}/oauth/token`,
      jwks_uri: `${gatewayUrl}/.well-known/jwks.json`,
    });
  });
});
