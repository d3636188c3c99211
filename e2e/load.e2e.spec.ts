import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from '@fieldguide/contracts/ordering';
import { expect, it } from 'vitest';
import { ledger, newCustomer, orderOf, place, product, query } from './shop.ts';
import { viewHash } from './views.ts';

const ORDERS = Number(process.env['LOAD_ORDERS'] ?? 500);
const EVERY_MS = 50;
const FINAL = "('completed', 'rejected', 'cancelled')";
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

it(`${ORDERS} orders at 20 a second: all end, none doubled, stock conserved, ledger = completed, view = log`, async () => {
  const customer = await newCustomer();
  await quiet(); // what other specs have begun must not count here
  const stockBefore = await unitsOnHand();
  const shippedBefore = await unitsShipped();

  // Open loop: the next order goes out on time, however long the one before takes. Every tenth is sent twice.
  const sent = Array.from({ length: ORDERS }, async (_, n) => {
    await sleep(n * EVERY_MS);
    const body = orderOf(tokens[n % tokens.length]!, products[n % 11 === 10 ? 2 : n % 2]!);
    const tries = n % 10 === 0 ? 2 : 1;
    const answers = await Promise.all(
      Array.from({ length: tries }, () => place(customer.token, `load-order-${n}`, body)),
    );
    for (const { status } of answers) expect(status).toBe(201);
    return answers.map(({ body: order }) => (order as Order).id);
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
  await expect.poll(seen, { timeout: 60_000, interval: 200 }).toBe(ORDERS);
  await quiet();

  const shipped = async () => (await unitsShipped()) - shippedBefore;
  const completed = await query<{ total: { amountMinor: number }; units: number }>(
    'ordering',
    `SELECT total, (SELECT sum((line->>'quantity')::int)::int FROM jsonb_array_elements(lines) AS line) AS units
     FROM order_summary WHERE status = 'completed' AND customer_id = $1`,
    [customer.id],
  );
  const unitsSold = completed.reduce((sum, { units }) => sum + units, 0);
  await expect.poll(shipped, { timeout: 10_000 }).toBe(unitsSold);
  expect(await unitsOnHand()).toBe(stockBefore - unitsSold);
  const [reserved] = await query<{ units: number }>(
    'inventory',
    'SELECT sum(reserved_units)::int AS units FROM stock',
  );
  expect(reserved!.units).toBe(0);

  const captures = (await ledger()).filter(({ kind }) => kind === 'capture');
  expect(new Set(captures.map(({ paymentId }) => paymentId)).size).toBe(captures.length);
  const all = await query<{ total: { amountMinor: number } }>(
    'ordering',
    "SELECT total FROM order_summary WHERE status = 'completed'",
  );
  const sum = (amounts: readonly { amountMinor: number }[]) =>
    amounts.reduce((total, { amountMinor }) => total + amountMinor, 0);
  expect(sum(captures.map(({ amount }) => amount))).toBe(sum(all.map(({ total }) => total)));

  expect(await viewHash('view')).toBe(await viewHash('log'));
  for (const service of ['ordering', 'inventory', 'payments', 'shipping']) {
    expect(await query(service, 'SELECT reason FROM dead_letters'), service).toEqual([]);
  }
}, 180_000);

/** Every order has ended, and nothing is set aside any more. */
async function quiet(): Promise<void> {
  const busy = async () => {
    const [orders] = await query<{ count: number }>(
      'ordering',
      `SELECT count(*)::int AS count FROM order_summary WHERE status NOT IN ${FINAL}`,
    );
    const [stock] = await query<{ units: number }>(
      'inventory',
      'SELECT sum(reserved_units)::int AS units FROM stock',
    );
    return orders!.count + stock!.units;
  };
  await expect.poll(busy, { timeout: 60_000, interval: 200 }).toBe(0);
}

async function unitsOnHand(): Promise<number> {
  const [row] = await query<{ units: number }>(
    'inventory',
    'SELECT sum(on_hand_units)::int AS units FROM stock',
  );
  return row!.units;
}

async function unitsShipped(): Promise<number> {
  const [row] = await query<{ units: number | null }>(
    'inventory',
    `SELECT sum((line->>'quantity')::int)::int AS units
     FROM reservations, jsonb_array_elements(lines) AS line WHERE status = 'shipped'`,
  );
  return row!.units ?? 0;
}
