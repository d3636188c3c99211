import { beforeAll, describe, expect, it } from 'vitest';
import { newCustomer, orderOf, place, product, send } from './shop.ts';

let token: string;
beforeAll(async () => {
  token = (await newCustomer()).token;
});
const good = orderOf('tok_ok', product.plenty);
const pointers = (answer: { body: { errors: { pointer: string }[] } }) =>
  answer.body.errors.map(({ pointer }) => pointer);
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
      'too long a text',
      { ...good, shipTo: { ...good.shipTo, name: 'x'.repeat(101) } },
      '/shipTo/name',
    ],
  ])('with %s is answered 400 and points at the field', async (_, body, pointer) => {
    const answer = await place(token, 'bad-request', body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.type).toBe('/problems/malformedRequest');
    expect(pointers(answer)).toContain(pointer);
  });

  it.each([
    ['JSON that is none', 'POST', '/orders', '{"lines":', 400],
    [
      'a body that is too large',
      'POST',
      '/orders',
      JSON.stringify({ ...good, note: 'x'.repeat(70_000) }),
      413,
    ],
    ['an id that is none', 'GET', '/orders/42', undefined, 400],
    ['an id of nothing', 'GET', `/orders/${unknown}`, undefined, 404],
    ['a product id of nothing', 'GET', `/products/${unknown}`, undefined, 404],
    ['a limit out of range', 'GET', '/products?limit=101', undefined, 400],
    ['an unknown parameter', 'GET', '/products?size=3', undefined, 400],
    ['a cursor of its own making', 'GET', '/products?cursor=abc', undefined, 422],
    ['an unknown path', 'GET', '/nothing/here', undefined, 404],
    ['a path that hides another', 'GET', '/products/..%2f..%2finfo', undefined, 400],
    [
      'an address that only shipping may ask',
      'GET',
      `/orders/${unknown}/delivery-address`,
      undefined,
      404,
    ],
  ])('with %s is a problem, never a 500', async (_, method, path, body, status) => {
    const answer = await send(method, path, {
      token,
      ...(body && { body }),
      headers: { 'idempotency-key': 'bad-request' },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status, type: expect.stringMatching(/^\/problems\//) });
  });

  it('for a product that does not exist, or without a key, is 422', async () => {
    const nothing = { ...good, lines: [{ productId: unknown, quantity: 1 }] };
    expect((await place(token, 'no-such-product', nothing)).body.type).toBe(
      '/problems/ordering.productNotFound',
    );
    expect((await place(token, 'short', good)).body.type).toBe(
      '/problems/ordering.idempotencyKeyRequired',
    );
  });

  it.each([['/orders'], ['/%6frders'], [`/orders/${unknown}/timeline`]])(
    'without a token to %s is 401',
    async (path) => {
      const answer = await send('GET', path);
      expect(answer).toMatchObject({
        status: 401,
        body: { type: '/problems/authenticationRequired' },
      });
    },
  );

  it("with a forged token is 401, and with a customer's where staff is needed 403", async () => {
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

  it('to register or sign in says what is wrong and nothing more', async () => {
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
    const [known, nobody] = [await wrong(email), await wrong('nobody@fieldguide.test')];
    expect(known.status).toBe(401);
    expect(nobody).toMatchObject({ status: 401, body: known.body });
  });
});

describe('a session', () => {
  it('ends at once for every service when its owner signs out', async () => {
    const { token: own } = await newCustomer();
    expect((await send('GET', '/orders', { token: own })).status).toBe(200);
    expect((await send('DELETE', '/auth/tokens', { token: own })).status).toBe(204);
    await expect.poll(async () => (await send('GET', '/orders', { token: own })).status).toBe(401);
  });

  it('ends at the gateway too, which checks tokens itself', async () => {
    const { token: own } = await newCustomer();
    // Not forwarded: only the gateway can refuse it.
    const metrics = async () => (await send('GET', '/metrics', { token: own })).status;
    expect(await metrics()).toBe(403);
    expect((await send('DELETE', '/auth/tokens', { token: own })).status).toBe(204);
    await expect.poll(metrics).toBe(401);
  });

  it('is refreshed once with each refresh token; a copied one ends it', async () => {
    const { email } = await newCustomer();
    const signIn = await send('POST', '/auth/tokens', {
      body: { grantType: 'password', email, password: 'correct horse' },
    });
    const refresh = (refreshToken: string) =>
      send('POST', '/auth/tokens', { body: { grantType: 'refreshToken', refreshToken } });
    const next = await refresh(signIn.body.refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(signIn.body.refreshToken)).status).toBe(401);
    expect((await refresh(next.body.refreshToken)).status).toBe(401);
  });
});

describe('the gateway', () => {
  it('describes its whole surface, and shows it', async () => {
    const { body } = await send('GET', '/openapi.json');
    expect(Object.keys(body.paths)).toContain('/orders/{id}/timeline');
    expect((await send('GET', '/docs')).body).toContain('swagger-ui');
    expect((await send('GET', '/docs/swagger-ui-bundle.js')).status).toBe(200);
  });
  it('keeps what is for operators from everybody else', async () => {
    for (const path of ['/metrics', '/info']) {
      expect((await send('GET', path)).status).toBe(401);
      expect((await send('GET', path, { token })).status).toBe(403);
    }
    expect((await send('GET', '/health/ready')).body.status).toBe('ok');
  });
});
