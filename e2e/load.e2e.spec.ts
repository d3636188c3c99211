import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from '@fieldguide/contracts/ordering';
import { expect, inject, it } from 'vitest';
import {
  expectMoneyToBalance,
  inHand,
  reservedUnits,
  unitsOnHand,
  unitsShipped,
  unitsSold,
} from './order-invariants.ts';
import { viewHash } from './projection-hash.ts';
import { newCustomer, orderOf, place, product, query } from './shop.ts';

const ORDERS = Number(process.env['LOAD_ORDERS'] ?? 500);
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

it(`${ORDERS} orders at up to 20 a second: all end, none doubled, stock conserved, ledger = completed, view = log`, async () => {
  const customer = await newCustomer();
  await quiet(); // what other specs have begun must not count here
  const stockBefore = await unitsOnHand();
  const shippedBefore = await unitsShipped();

  // Open loop: the next order goes out on time, however long the one before takes. Every tenth is sent twice.
  const sent = Array.from({ length: ORDERS }, async (_, n) => {
    await sleep((n * 1_000) / (PER_SECOND * inject('shop').pace));
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
  await expect.poll(seen, { timeout: 180_000, interval: 200 }).toBe(ORDERS);
  await quiet();

  const shipped = async () => (await unitsShipped()) - shippedBefore;
  const sold = await unitsSold(customer.id);
  await expect.poll(shipped, { timeout: 60_000 }).toBe(sold);
  expect(await unitsOnHand()).toBe(stockBefore - sold);
  expect(await reservedUnits()).toBe(0);
  await expectMoneyToBalance();
  expect(await viewHash('view')).toBe(await viewHash('log'));
  for (const service of ['ordering', 'inventory', 'payments', 'shipping']) {
    expect(
      await query(service, 'SELECT reason FROM dead_letters WHERE NOT redriven'),
      service,
    ).toEqual([]);
  }
}, 600_000);

const quiet = () => expect.poll(inHand, { timeout: 180_000, interval: 200 }).toBe(0);
