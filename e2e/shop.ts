import { setTimeout as sleep } from 'node:timers/promises';
import type { Token } from '@fieldguide/contracts/identity';
import { Order, Timeline } from '@fieldguide/contracts/ordering';
import { Ledger, type Operation } from '@fieldguide/contracts/payment-provider';
import pg from 'pg';
import { expect, inject, vi } from 'vitest';

/** Seeded products; see apps/inventory/src/seed/stock.ts. */
export const product = {
  plenty: '01900000-0000-7000-8000-000000000001',
  alsoPlenty: '01900000-0000-7000-8000-000000000006',
  none: '01900000-0000-7000-8000-000000000027',
};
export const shipTo = {
  name: 'Bo',
  street: '2 Side St',
  city: 'Bern',
  postalCode: '3000',
  country: 'CH',
};

export interface ShopResponse {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests themselves assert the shape
  body: any;
}

/** Sends a request through the gateway, or directly to the instance at `origin`. */
export async function send(
  method: string,
  path: string,
  options: {
    token?: string;
    body?: unknown;
    headers?: Record<string, string>;
    origin?: string;
  } = {},
): Promise<ShopResponse> {
  const { token, body, headers = {}, origin = inject('shop').gatewayUrl } = options;
  const response = await fetch(origin + path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text ? parseBody(text) : undefined,
  };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

let customers = 0;

/** Registers a new customer and signs in. */
export async function newCustomer() {
  const email = `customer-${process.pid}-${++customers}@fieldguide.test`;
  const password = 'correct horse';
  const registered = await send('POST', '/auth/registrations', {
    body: { email, password, name: 'Bo' },
  });
  expect(registered.status).toBe(201);
  const signedIn = await send('POST', '/auth/tokens', {
    body: { grantType: 'password', email, password },
  });
  expect(signedIn.status).toBe(200);
  const { accessToken: token, refreshToken } = signedIn.body as Token;
  return { id: registered.body.customerId as string, token, refreshToken: refreshToken!, email };
}

export async function operatorToken(): Promise<string> {
  const { operatorSecret: clientSecret } = inject('shop');
  const body = { grantType: 'clientCredentials', clientId: 'operator', clientSecret };
  return (await send('POST', '/auth/tokens', { body })).body.accessToken;
}

export const orderOf = (token: string, ...productIds: string[]) => ({
  lines: productIds.map((productId) => ({ productId, quantity: 2 })),
  payment: { token },
  shipTo,
});

export function place(token: string, key: string, body: unknown): Promise<ShopResponse> {
  return send('POST', '/orders', { token, body, headers: { 'idempotency-key': key } });
}

/** The checkout is behind, or more requests are in progress than the gateway allows. */
const isOverloaded = ({ status, body }: ShopResponse) =>
  status === 503 && /overloaded$/i.test(body.type);

/** Places an order; while the shop is overloaded it sends it again after the time in Retry-After. */
export async function placeWhenAdmitted(
  token: string,
  key: string,
  body: unknown,
): Promise<ShopResponse> {
  const until = performance.now() + 90_000;
  for (;;) {
    const response = await place(token, key, body);
    if (!isOverloaded(response) || performance.now() > until) return response;
    await sleep(Number(response.headers.get('retry-after')) * 1_000);
  }
}

const FINAL = ['completed', 'rejected', 'cancelled'];

/** Polls until the order is completed, rejected or cancelled. Callers assert time limits themselves. */
export async function waitForEnd(token: string, id: string): Promise<Order> {
  let order: Order | undefined;
  const hasEnded = async () => {
    order = (await send('GET', `/orders/${id}`, { token })).body as Order;
    return FINAL.includes(order.status);
  };
  await vi.waitUntil(hasEnded, { timeout: 90_000, interval: 50 });
  return Order.parse(order);
}

export async function timeline(token: string, id: string): Promise<Timeline['items']> {
  return Timeline.parse((await send('GET', `/orders/${id}/timeline`, { token })).body).items;
}

export async function stock(
  productId: string,
): Promise<{ onHandUnits: number; freeUnits: number }> {
  const { onHandUnits, freeUnits } = (await send('GET', `/stock/${productId}`)).body;
  return { onHandUnits, freeUnits };
}

/** Reads all operations from the payment provider's own ledger. */
export async function ledger(url = inject('shop').ledgerUrl): Promise<readonly Operation[]> {
  const all: Operation[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page = `${url}?limit=1000&cursor=${cursor}`;
    const response = await fetch(page, { signal: AbortSignal.timeout(5_000) });
    const { operations, nextCursor } = Ledger.parse(await response.json());
    all.push(...operations);
    cursor = nextCursor;
  }
  return all;
}

/** Queries a service's database with the role of that service. */
export async function query<Row extends object>(
  service: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: inject('shop').databases[service]! });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
