import { beforeAll, describe, expect, it } from 'vitest';
import { newCustomer, orderOf, place, product, query, send } from './shop.ts';

let token: string;
beforeAll(async () => {
  token = (await newCustomer()).token;
});
const good = orderOf('tok_ok', product.plenty);
const pointers = (response: { body: { errors: { pointer: string }[] } }) =>
  response.body.errors.map(({ pointer }) => pointer);
const unknown = '01900000-0000-7000-8000-0000000000ff';

describe('a bad request', () => {
  it.each([
    ['an unknown field', { ...good, note: 'x' }, '/note'],
    [
      'an unknown field inside',
      { ...good, payment: { token: 'tok_ok', cvc: '1' } },
      '/payment/cvc',
    ],
    [
      'a wrong type',
      { ...good, lines: [{ productId: product.plenty, quantity: '2' }] },
      '/lines/0/quantity',
    ],
    [
      'a number out of range',
      { ...good, lines: [{ productId: product.plenty, quantity: 100 }] },
      '/lines/0/quantity',
    ],
    ['a bad id', { ...good, lines: [{ productId: 'tent', quantity: 1 }] }, '/lines/0/productId'],
    ['no lines', { ...good, lines: [] }, '/lines'],
    ['a missing field', { lines: good.lines, payment: good.payment }, '/shipTo'],
    [
      'a text that is too long',
      { ...good, shipTo: { ...good.shipTo, name: 'x'.repeat(101) } },
      '/shipTo/name',
    ],
  ])('returns 400 with a pointer to the field for %s', async (_, body, pointer) => {
    const response = await place(token, 'bad-request', body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.body.type).toBe('/problems/malformedRequest');
    expect(pointers(response)).toContain(pointer);
  });

  it.each([
    ['invalid JSON', 'POST', '/orders', '{"lines":', 400],
    [
      'a body that is too large',
      'POST',
      '/orders',
      JSON.stringify({ ...good, note: 'x'.repeat(70_000) }),
      413,
    ],
    ['a malformed id', 'GET', '/orders/42', undefined, 400],
    ['an unknown id', 'GET', `/orders/${unknown}`, undefined, 404],
    ['an unknown product id', 'GET', `/products/${unknown}`, undefined, 404],
    ['a limit out of range', 'GET', '/products?limit=101', undefined, 400],
    ['an unknown parameter', 'GET', '/products?size=3', undefined, 400],
    ['a made-up cursor', 'GET', '/products?cursor=abc', undefined, 422],
    ['an unknown path', 'GET', '/nothing/here', undefined, 404],
    ['an encoded path traversal', 'GET', '/products/..%2f..%2finfo', undefined, 400],
    [
      'delivery addresses, which only shipping may read',
      'GET',
      `/delivery-addresses?orderIds=${unknown}`,
      undefined,
      404,
    ],
  ])('returns a problem, never a 500, for %s', async (_, method, path, body, status) => {
    const response = await send(method, path, {
      token,
      ...(body && { body }),
      headers: { 'idempotency-key': 'bad-request' },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.body).toMatchObject({ status, type: expect.stringMatching(/^\/problems\//) });
  });

  it('returns 422 for an unknown product or without an idempotency key', async () => {
    const unknownProduct = { ...good, lines: [{ productId: unknown, quantity: 1 }] };
    expect((await place(token, 'no-such-product', unknownProduct)).body.type).toBe(
      '/problems/ordering.productNotFound',
    );
    expect((await place(token, 'short', good)).body.type).toBe(
      '/problems/ordering.idempotencyKeyRequired',
    );
  });

  it.each([['/orders'], ['/orders'.replace('o', '%6f')], [`/orders/${unknown}/timeline`]])(
    'returns 401 for %s without a token',
    async (path) => {
      const response = await send('GET', path);
      expect(response).toMatchObject({
        status: 401,
        body: { type: '/problems/authenticationRequired' },
      });
    },
  );

  it("returns 401 for a forged token, and 403 for a customer's token on an operator route", async () => {
    const [header, , signature] = token.split('.');
    const claims = Buffer.from(
      JSON.stringify({ sub: 'x', scope: 'catalog:write', sid: 'x', exp: 9e9 }),
    ).toString('base64url');
    expect(
      (await send('GET', '/orders', { token: `${header}.${claims}.${signature}` })).status,
    ).toBe(401);
    const body = {
      sku: 'X-1',
      name: 'X',
      description: '',
      category: 'sleep',
      price: { amountMinor: 1, currency: 'EUR' },
    };
    expect((await send('POST', '/products', { token, body })).status).toBe(403);
  });

  it('does not disclose on registration or sign-in more than the invalid field', async () => {
    const { email } = await newCustomer();
    const again = await send('POST', '/auth/registrations', {
      body: { email, password: 'long enough', name: 'Bo' },
    });
    expect(again).toMatchObject({ status: 409, body: { type: '/problems/identity.emailTaken' } });
    const short = await send('POST', '/auth/registrations', {
      body: { email: 'x@fieldguide.test', password: 'short', name: 'Bo' },
    });
    expect(pointers(short)).toEqual(['/password']);
    const wrong = (address: string) =>
      send('POST', '/auth/tokens', {
        body: { grantType: 'password', email: address, password: 'wrong one' },
      });
    const [known, unknownAccount] = [await wrong(email), await wrong('unknown@fieldguide.test')];
    expect(known.status).toBe(401);
    expect(unknownAccount).toMatchObject({ status: 401, body: known.body });
  });
});

describe('a session', () => {
  it('ends immediately on every service when its owner signs out', async () => {
    const { token: own } = await newCustomer();
    expect((await send('GET', '/orders', { token: own })).status).toBe(200);
    expect((await send('DELETE', '/auth/tokens', { token: own })).status).toBe(204);
    await expect.poll(async () => (await send('GET', '/orders', { token: own })).status).toBe(401);
  });

  it('ends at the gateway, which verifies tokens itself', async () => {
    const { token: own } = await newCustomer();
    // Not forwarded: only the gateway can reject it.
    const metrics = async () => (await send('GET', '/metrics', { token: own })).status;
    expect(await metrics()).toBe(403);
    expect((await send('DELETE', '/auth/tokens', { token: own })).status).toBe(204);
    await expect.poll(metrics).toBe(401);
  });

  it('is refreshed once per refresh token, again for ten seconds, and ends when one is reused later', async () => {
    const { email } = await newCustomer();
    const signIn = await send('POST', '/auth/tokens', {
      body: { grantType: 'password', email, password: 'correct horse' },
    });
    const refresh = (refreshToken: string) =>
      send('POST', '/auth/tokens', { body: { grantType: 'refreshToken', refreshToken } });
    const next = await refresh(signIn.body.refreshToken);
    expect(next.status).toBe(200);
    const again = await refresh(signIn.body.refreshToken);
    expect(again.body.refreshToken).toBe(next.body.refreshToken);
    const sid = next.body.refreshToken.split('.')[0];
    const longAgo = "UPDATE sessions SET refreshed_at = now() - interval '11 s' WHERE sid = $1";
    await query('identity', longAgo, [sid]);
    expect((await refresh(signIn.body.refreshToken)).status).toBe(401);
    expect((await refresh(next.body.refreshToken)).status).toBe(401);
  });
});

describe('the gateway', () => {
  it('serves its OpenAPI document and a page that renders it', async () => {
    const { body } = await send('GET', '/openapi.json');
    expect(Object.keys(body.paths)).toContain('/orders/{id}/timeline');
    expect((await send('GET', '/docs')).body).toContain('swagger-ui');
    expect((await send('GET', '/docs/swagger-ui-bundle.js')).status).toBe(200);
  });
  it('restricts operator routes to operators', async () => {
    for (const path of ['/metrics', '/info']) {
      expect((await send('GET', path)).status).toBe(401);
      expect((await send('GET', path, { token })).status).toBe(403);
    }
    expect((await send('GET', '/health/ready')).body.status).toBe('ok');
  });
});
