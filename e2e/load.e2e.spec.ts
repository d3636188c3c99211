import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from '@fieldguide/contracts/ordering';
import { afterAll, expect, inject, it } from 'vitest';
import {
  countInProgress,
  expectMoneyToBalance,
  reservedUnits,
  unitsOnHand,
  unitsShipped,
  unitsSold,
} from './order-invariants.ts';
import { projectionHash } from './projection-hash.ts';
import { setSetting } from './running-platform.ts';
import {
  ledger,
  newCustomer,
  operatorToken,
  orderOf,
  place,
  placeWhenAdmitted,
  product,
  query,
  send,
  waitForEnd,
} from './shop.ts';

const ORDERS = Number(process.env['FIELDGUIDE_LOAD_ORDERS'] ?? 300);
const PER_SECOND = 20;
const tokens = [
  'tok_ok',
  'tok_ok',
  'tok_ok',
  'tok_declined',
  'tok_ok',
  'tok_insufficient_funds',
  'tok_ok',
];
const products = [product.plenty, product.alsoPlenty, product.none];

it(`ends ${ORDERS} orders at up to ${PER_SECOND} per second, none duplicated, with stock, ledger, projection and log consistent`, async () => {
  const customer = await newCustomer();
  await allFinished(); // orders of other specs must not count
  const stockBefore = await unitsOnHand();
  const shippedBefore = await unitsShipped();

  // Open loop: orders are sent at a fixed rate, independent of response times. Every tenth is sent twice.
  const sent = Array.from({ length: ORDERS }, async (_, n) => {
    await sleep((n * 1_000) / (PER_SECOND * inject('pace')));
    const body = orderOf(tokens[n % tokens.length]!, products[n % 11 === 10 ? 2 : n % 2]!);
    const tries = n % 10 === 0 ? 2 : 1;
    const responses = await Promise.all(
      Array.from({ length: tries }, () =>
        placeWhenAdmitted(customer.token, `load-order-${n}`, body),
      ),
    );
    for (const { status } of responses) expect(status).toBe(201);
    return responses.map(({ body: order }) => (order as Order).id);
  });
  const ids = new Set((await Promise.all(sent)).flat());
  expect(ids.size).toBe(ORDERS);

  const seen = async () => {
    const [row] = await query<{ count: number }>(
      'ordering',
      'SELECT count(*)::int AS count FROM order_summary WHERE customer_id = $1',
      [customer.id],
    );
    return row!.count;
  };
  await expect.poll(seen, { timeout: 180_000, interval: 200 }).toBe(ORDERS);
  await allFinished();

  const shipped = async () => (await unitsShipped()) - shippedBefore;
  const sold = await unitsSold(customer.id);
  await expect.poll(shipped, { timeout: 60_000 }).toBe(sold);
  expect(await unitsOnHand()).toBe(stockBefore - sold);
  expect(await reservedUnits()).toBe(0);
  await expectMoneyToBalance();
  await expect
    .poll(async () => (await projectionHash('projection')) === (await projectionHash('log')))
    .toBe(true);
  for (const service of ['ordering', 'inventory', 'payments', 'shipping']) {
    expect(
      await query(service, 'SELECT reason FROM dead_letters WHERE NOT redriven'),
      service,
    ).toEqual([]);
  }
}, 600_000);

/** Waits until all orders have ended. @returns how many of these ended in which way */
async function outcomes(ids: readonly string[]): Promise<Record<string, number>> {
  const rows = () =>
    query<{ status: string; reason: string | null }>(
      'ordering',
      'SELECT status, status_reason AS reason FROM order_summary WHERE order_id = ANY($1::uuid[])',
      [ids],
    );
  await expect.poll(async () => (await rows()).length, { timeout: 60_000 }).toBe(ids.length);
  await allFinished();
  const groups = Map.groupBy(await rows(), ({ status, reason }) => reason ?? status);
  return Object.fromEntries([...groups].map(([outcome, { length }]) => [outcome, length]));
}

const allFinished = () => expect.poll(countInProgress, { timeout: 180_000, interval: 200 }).toBe(0);

// A short wait and few orders, so that a short burst is too much; the defaults scale with the deadlines.
const BOUNDS = { CHECKOUT_WAIT_SHARE_MAX: '0.05', CHECKOUTS_WAITING_MIN: '5' };
const DEFAULTS = { CHECKOUT_WAIT_SHARE_MAX: '0.5', CHECKOUTS_WAITING_MIN: '100' };
const REFUSED_WANTED = 100;
const IN_FLIGHT = 60;
const setBounds = async (bounds: typeof BOUNDS) => {
  for (const [key, value] of Object.entries(bounds)) await setSetting('ordering', key, value);
};
afterAll(() => setBounds(DEFAULTS));

it('refuses orders that it cannot handle in time, and completes all that it has acknowledged', async () => {
  const { token } = await newCustomer();
  await allFinished();
  await setBounds(BOUNDS);
  const body = orderOf('tok_ok', product.plenty);
  // The bounds apply with the next sample of the backlog; an order takes longer, by the delay of shipping alone.
  await waitForEnd(token, (await place(token, 'before-the-burst', body)).body.id);
  const acknowledged = new Map<string, string>();
  const refused = new Map<string, number>();
  const until = performance.now() + 60_000;
  let sent = 0;
  const placing = Array.from({ length: IN_FLIGHT }, async () => {
    while (refused.size < REFUSED_WANTED && performance.now() < until) {
      const key = `burst-order-${sent++}`;
      const response = await place(token, key, body);
      if (response.status === 201) acknowledged.set(key, response.body.id);
      else {
        expect(response.body).toMatchObject({ type: '/problems/ordering.checkoutOverloaded' });
        refused.set(key, Number(response.headers.get('retry-after')));
        // Meanwhile a repeat of an acknowledged order is answered.
        const [[first, id] = []] = acknowledged;
        if (!first) continue;
        const again = await place(token, first, body);
        expect([again.status, again.body.id]).toEqual([201, id]);
      }
    }
  });
  await Promise.all(placing);
  expect(refused.size).toBeGreaterThanOrEqual(REFUSED_WANTED);
  for (const seconds of refused.values()) expect(seconds).toSatisfy((s) => s >= 1 && s <= 60);

  expect(await outcomes([...acknowledged.values()])).toEqual({ completed: acknowledged.size });
  const [first] = refused.keys();
  const late = await placeWhenAdmitted(token, first!, body);
  expect((await waitForEnd(token, late.body.id)).status).toBe('completed');
  await setBounds(DEFAULTS);
}, 300_000);

it('sells the last item once to a hundred customers who order it in the same moment', async () => {
  const operator = await operatorToken();
  const price = { amountMinor: 900, currency: 'EUR' };
  const about = { name: 'Last Lamp', description: 'The last one.', category: 'kitchen', price };
  const added = await send('POST', '/products', {
    token: operator,
    body: { sku: 'E2E-LAST', ...about },
  });
  await send('POST', `/stock/${added.body.id}/replenishments`, {
    token: operator,
    body: { units: 2 },
    headers: { 'idempotency-key': 'the-last-lamps' },
  });
  const isKnown = async () => {
    const sql = 'SELECT FROM product_prices WHERE product_id = $1';
    return (await query('ordering', sql, [added.body.id])).length;
  };
  await expect.poll(isKnown).toBe(1);
  const { token } = await newCustomer();
  await allFinished();
  const captures = async () => (await ledger()).filter(({ kind }) => kind === 'capture').length;
  const before = await captures();

  const body = orderOf('tok_ok', added.body.id); // two units each
  const placed = await Promise.all(
    Array.from({ length: 100 }, (_, n) => placeWhenAdmitted(token, `last-lamp-${n}`, body)),
  );
  const ids = placed.map(({ body: order }) => (order as Order).id);
  expect(await outcomes(ids)).toEqual({ completed: 1, outOfStock: 99 });
  expect((await captures()) - before).toBe(1);
}, 300_000);
