import { ConsumerPacts, type HttpExpectation } from '@fieldguide/contract-testing';
import * as catalog from '@fieldguide/contracts/catalog/examples';
import { ada, hammock, orderId, sid } from '@fieldguide/contracts/example-data';
import { TokenRequest } from '@fieldguide/contracts/identity';
import * as identity from '@fieldguide/contracts/identity/examples';
import * as inventory from '@fieldguide/contracts/inventory/examples';
import * as ordering from '@fieldguide/contracts/ordering/examples';
import { Problem } from '@fieldguide/contracts/problem';
import { expect, it } from 'vitest';
import * as reads from '../src/api/reads.ts';
import { StorefrontClient } from '../src/api/storefront-client.ts';

const shop = new ConsumerPacts('shop');
const KEY = 'one-for-each-order';
const seen = { 'consistency-token': [`^order-[0-9a-f-]{36}@\\d+$`, `order-${orderId}@1`] } as const;
const etag = { etag: ['^"\\d+"$', '"1"'] } as const;

/** Calls the real client against the mock. @returns what the client returned */
function expectCall<T>(
  provider: string,
  expectation: HttpExpectation,
  call: (shop: StorefrontClient) => Promise<T>,
): Promise<T> {
  return shop.request(provider, expectation, (origin, token) =>
    call(new StorefrontClient(origin, token || undefined)),
  );
}
const problemResponse = (status: number, type: string) => ({
  status,
  headers: {
    'Content-Type': ['^application/problem[+]json.*$', 'application/problem+json'],
  } as const,
  reads: Problem,
  of: { schema: Problem, value: { type, title: 'Why, in words.', status } },
  exactly: [type, status],
});

it('registers a customer', async () => {
  const expectation = {
    given: ['no account has this address', { email: identity.register.value.email }],
    description: 'a registration',
    request: { method: 'POST', path: '/auth/registrations', body: identity.register },
    response: { status: 201, reads: reads.Registered, of: identity.registration },
  } as const;
  const registered = await expectCall('identity', expectation, (at) =>
    at.register(identity.register.value),
  );
  expect(registered).toEqual({ customerId: ada });
});

const customer = { customerId: ada, email: 'ada@fieldguide.test', password: 'correct horse' };
const signIn = { method: 'POST', path: '/auth/tokens', body: identity.signIn } as const;
it('signs a customer in', async () => {
  const expectation = {
    given: ['a customer is registered', customer],
    description: 'a token for a customer',
    request: signIn,
    response: { status: 200, reads: reads.SignedIn, of: identity.token },
  } as const;
  const signedIn = await expectCall('identity', expectation, (at) =>
    at.signIn(identity.signIn.value),
  );
  expect(signedIn.expiresInSeconds).toBe(600);
});
const refresh = {
  method: 'POST',
  path: '/auth/tokens',
  body: {
    schema: TokenRequest,
    value: { grantType: 'refreshToken', refreshToken: `${sid}.secret` },
  },
} as const;
it('refreshes a session', async () => {
  const expectation = {
    given: ['a customer is signed in', customer],
    description: 'a token for a refresh token',
    request: refresh,
    response: { status: 200, reads: reads.SignedIn, of: identity.token },
  } as const;
  const signedIn = await expectCall('identity', expectation, (at) => at.signIn(refresh.body.value));
  expect(signedIn.refreshToken).toBe(identity.token.value.refreshToken);
});
it('reports a session that has ended', async () => {
  const type = '/problems/identity.sessionEnded';
  const expectation = {
    given: ['a session has ended', customer],
    description: 'a token for the refresh token of an ended session',
    request: refresh,
    response: problemResponse(401, type),
  } as const;
  const signedIn = expectCall('identity', expectation, (at) => at.signIn(refresh.body.value));
  await expect(signedIn).rejects.toMatchObject({ problem: { type } });
});
it('rejects a wrong password', async () => {
  const type = '/problems/identity.credentialsInvalid';
  const expectation = {
    given: ['a customer has another password', { ...customer, password: 'another horse' }],
    description: 'a token with a wrong password',
    request: signIn,
    response: problemResponse(401, type),
  } as const;
  const signedIn = expectCall('identity', expectation, (at) => at.signIn(identity.signIn.value));
  await expect(signedIn).rejects.toMatchObject({ name: 'ApiError', problem: { type } });
});
it('signs a customer out', async () => {
  const expectation = {
    given: ['a customer is signed in', customer],
    description: 'the end of a session',
    request: { method: 'DELETE', path: '/auth/tokens', as: 'customer' },
    response: { status: 204 },
  } as const;
  await expect(expectCall('identity', expectation, (at) => at.signOut())).resolves.toBeUndefined();
});
it('lists the sessions of a customer', async () => {
  const expectation = {
    given: ['a customer is signed in', customer],
    description: 'the sessions of a customer',
    request: { method: 'GET', path: '/auth/sessions', as: 'customer' },
    response: { status: 200, reads: reads.SessionList, of: identity.sessionList },
  } as const;
  const { items } = await expectCall('identity', expectation, (at) => at.sessions());
  expect(items[0]).toMatchObject({ id: sid, isCurrent: true });
});
it.each([
  ['one session', `/auth/sessions/${sid}`, (at: StorefrontClient) => at.endSession(sid)],
  ['the other sessions', '/auth/sessions', (at: StorefrontClient) => at.endOtherSessions()],
])('ends %s of a customer', async (what, path, call) => {
  const expectation = {
    given: ['a customer is signed in', customer],
    description: `the end of ${what} of a customer`,
    request: { method: 'DELETE', path, as: 'customer' },
    response: { status: 204 },
  } as const;
  await expect(expectCall('identity', expectation, call)).resolves.toBeUndefined();
});
const newPassword = {
  method: 'PUT',
  path: '/auth/password',
  as: 'customer',
  body: identity.passwordChange,
} as const;
it('changes a password', async () => {
  const expectation = {
    given: ['a customer is signed in', customer],
    description: 'a new password',
    request: newPassword,
    response: { status: 204 },
  } as const;
  await expect(
    expectCall('identity', expectation, (at) => at.changePassword(identity.passwordChange.value)),
  ).resolves.toBeUndefined();
});
it('needs the present password for a new one', async () => {
  const type = '/problems/identity.currentPasswordWrong';
  const expectation = {
    given: ['a customer is signed in', { ...customer, password: 'a third horse' }],
    description: 'a new password without the present one',
    request: newPassword,
    response: problemResponse(422, type),
  } as const;
  await expect(
    expectCall('identity', expectation, (at) => at.changePassword(identity.passwordChange.value)),
  ).rejects.toMatchObject({ problem: { type } });
});
it('erases an account', async () => {
  const expectation = {
    given: ['a customer is signed in', customer],
    description: 'the erasure of an account',
    request: { method: 'DELETE', path: '/accounts/me', as: 'customer' },
    response: { status: 202 },
  } as const;
  await expect(
    expectCall('identity', expectation, (at) => at.eraseMyAccount()),
  ).resolves.toBeUndefined();
});

const sold = ['a product is sold', { productId: hammock }] as const;
it('shows what is sold', async () => {
  const expectation = {
    given: sold,
    description: 'products of a category',
    request: { method: 'GET', path: '/products', query: { category: 'sleep' } },
    response: { status: 200, reads: reads.Cards, of: catalog.productPage },
  } as const;
  const cards = await expectCall('catalog', expectation, (at) =>
    at.products({ category: 'sleep' }),
  );
  expect(cards.items[0]).toMatchObject({ id: hammock, name: 'Hammock' });
});
it('shows a product', async () => {
  const expectation = {
    given: sold,
    description: 'one product',
    request: { method: 'GET', path: `/products/${hammock}` },
    response: { status: 200, headers: etag, reads: reads.Detail, of: catalog.product },
  } as const;
  const product = await expectCall('catalog', expectation, (at) => at.product(hammock));
  expect(product).toMatchObject({ name: 'Hammock', etag: '"1"' });
});
it('reports an unknown product', async () => {
  const type = '/problems/catalog.productNotFound';
  const expectation = {
    given: ['no product is sold', { productId: hammock }],
    description: 'a product that does not exist',
    request: { method: 'GET', path: `/products/${hammock}` },
    response: problemResponse(404, type),
  } as const;
  const product = expectCall('catalog', expectation, (at) => at.product(hammock));
  await expect(product).rejects.toMatchObject({ problem: { type } });
});
it('adds a product', async () => {
  const expectation = {
    given: ['nothing is sold under this number', { sku: catalog.addProduct.value.sku }],
    description: 'a new product',
    request: { method: 'POST', path: '/products', as: 'staff', body: catalog.addProduct },
    response: { status: 201, reads: reads.Edited, of: catalog.product },
  } as const;
  const added = await expectCall('catalog', expectation, (at) =>
    at.addProduct(catalog.addProduct.value),
  );
  expect(added).toMatchObject({ name: 'Hammock', retired: false });
});
it('reprices a product', async () => {
  const change = { price: { amountMinor: 5_900, currency: 'EUR' } };
  const expectation = {
    given: sold,
    description: 'a changed price',
    request: {
      method: 'PATCH',
      path: `/products/${hammock}`,
      as: 'staff',
      headers: { 'if-match': '"1"' },
      body: { schema: catalog.addProduct.schema.partial(), value: change },
    },
    response: { status: 200, reads: reads.Edited, of: catalog.product },
  } as const;
  const changed = await expectCall('catalog', expectation, (at) =>
    at.changeProduct(hammock, '"1"', change),
  );
  expect(changed).toMatchObject({ id: hammock });
});

it('shows the availability of a product', async () => {
  const expectation = {
    given: ['a product is in stock', { productId: hammock }],
    description: 'the stock of a product',
    request: { method: 'GET', path: `/stock/${hammock}` },
    response: { status: 200, reads: reads.Availability, of: inventory.stock },
  } as const;
  const stock = await expectCall('inventory', expectation, (at) => at.availability(hammock));
  expect(stock).toEqual({ freeUnits: 10 });
});
it('replenishes the stock', async () => {
  const expectation = {
    given: ['a product is in stock', { productId: hammock }],
    description: 'a replenishment',
    request: {
      method: 'POST',
      path: `/stock/${hammock}/replenishments`,
      as: 'staff',
      headers: { 'idempotency-key': KEY },
      body: inventory.replenish,
    },
    response: { status: 201, reads: reads.Replenished, of: inventory.replenishment },
  } as const;
  const added = await expectCall('inventory', expectation, (at) => at.replenish(hammock, 5, KEY));
  expect(added).toEqual({ units: 5 });
});

const buy = {
  method: 'POST',
  path: '/orders',
  as: 'customer',
  headers: { 'idempotency-key': KEY },
  body: ordering.placeOrder,
} as const;
it('places an order', async () => {
  const expectation = {
    given: ['a product can be ordered', { productId: hammock }],
    description: 'an order',
    request: buy,
    response: { status: 201, headers: seen, reads: reads.Order, of: ordering.placedOrder },
  } as const;
  const order = await expectCall('ordering', expectation, (at) =>
    at.placeOrder(ordering.placeOrder.value, KEY),
  );
  expect(order).toMatchObject({ status: 'placed', lines: [{ name: 'Hammock', quantity: 2 }] });
});
it('reports a product that cannot be ordered', async () => {
  const type = '/problems/ordering.productRetired';
  const expectation = {
    given: ['a product is retired', { productId: hammock }],
    description: 'an order of a retired product',
    request: buy,
    response: problemResponse(422, type),
  } as const;
  const order = expectCall('ordering', expectation, (at) =>
    at.placeOrder(ordering.placeOrder.value, KEY),
  );
  await expect(order).rejects.toMatchObject({ problem: { type } });
});
it('rejects an order without a token', async () => {
  const type = '/problems/authenticationRequired';
  const { as: _, ...request } = buy;
  const expectation = {
    given: ['a product can be ordered', { productId: hammock }],
    description: 'an order without a token',
    request,
    response: problemResponse(401, type),
  } as const;
  const order = expectCall('ordering', expectation, (at) =>
    at.placeOrder(ordering.placeOrder.value, KEY),
  );
  await expect(order).rejects.toMatchObject({ problem: { type } });
});
it('lists the orders of a customer', async () => {
  const expectation = {
    given: ['an order was placed', { orderId }],
    description: 'the orders of a customer',
    request: { method: 'GET', path: '/orders', as: 'customer' },
    response: { status: 200, reads: reads.Orders, of: ordering.orderPage },
  } as const;
  const orders = await expectCall('ordering', expectation, (at) => at.orders());
  expect(orders.items[0]).toMatchObject({ id: orderId, status: 'placed' });
});

const one = { method: 'GET', path: `/orders/${orderId}`, as: 'customer' } as const;
it.each([
  ['an order was placed', 'placed', ordering.placedOrder],
  ['an order was completed', 'completed', ordering.completedOrder],
  ['an order was rejected', 'rejected', ordering.rejectedOrder],
] as const)('shows that %s', async (state, status, of) => {
  const expectation = {
    given: [state, { orderId }],
    description: `an order that is ${status}`,
    request: one,
    response: { status: 200, headers: seen, reads: reads.Order, of, exactly: [status] },
  } as const;
  expect(await expectCall('ordering', expectation, (at) => at.order(orderId))).toMatchObject({
    status,
  });
});
it('reports an unknown order, also when it is of another customer', async () => {
  const type = '/problems/ordering.orderNotFound';
  const expectation = {
    given: ['another customer has placed an order', { orderId }],
    description: 'an order of another customer',
    request: one,
    response: problemResponse(404, type),
  } as const;
  const order = expectCall('ordering', expectation, (at) => at.order(orderId));
  await expect(order).rejects.toMatchObject({ problem: { type } });
});
const watch = { method: 'GET', path: `/orders/${orderId}/timeline`, as: 'customer' } as const;
it('shows the timeline of an order', async () => {
  const expectation = {
    given: ['an order was placed', { orderId }],
    description: 'the timeline of an order',
    request: watch,
    response: {
      status: 200,
      headers: { ...seen, ...etag },
      reads: reads.Timeline,
      of: ordering.timeline,
    },
  } as const;
  const timeline = await expectCall('ordering', expectation, (at) => at.timeline(orderId));
  expect(timeline).toMatchObject({ items: [{ type: 'OrderPlaced' }], etag: '"1"' });
});
it('is spared a timeline that it knows', async () => {
  const expectation = {
    given: ['an order was placed', { orderId }],
    description: 'the timeline of an order in which nothing has happened since',
    request: { ...watch, headers: { 'if-none-match': '"1"' } },
    response: { status: 304, headers: etag },
  } as const;
  const timeline = expectCall('ordering', expectation, (at) => at.timeline(orderId, '"1"'));
  await expect(timeline).resolves.toBeUndefined();
});
it('cancels an order', async () => {
  const expectation = {
    given: ['an order was placed', { orderId }],
    description: 'a cancellation',
    request: { method: 'POST', path: `/orders/${orderId}/cancellation`, as: 'customer' },
    response: { status: 202, headers: seen, reads: reads.Cancelled, of: ordering.cancellation },
  } as const;
  const cancelled = await expectCall('ordering', expectation, (at) => at.cancel(orderId));
  expect(cancelled).toEqual({ status: 'cancelled' });
});

it('shows what was sold', async () => {
  const days = { from: '2030-01-01', to: '2030-01-31' };
  const expectation = {
    given: ['a product was sold', { productId: hammock, day: days.from }],
    description: 'the sales of a month',
    request: { method: 'GET', path: '/sales', as: 'staff', query: days },
    response: { status: 200, reads: reads.Sales, of: ordering.salesReport },
  } as const;
  const { items } = await expectCall('ordering', expectation, (at) => at.sales(days));
  expect(items[0]).toMatchObject({ name: 'Hammock', units: 2 });
});
