import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from '@fieldguide/contracts/ordering';
import { expect, inject, it } from 'vitest';
import {
  countInProgress,
  expectMoneyToBalance,
  reservedUnits,
  unitsOnHand,
  unitsShipped,
  unitsSold,
} from './order-invariants.ts';
import { projectionHash } from './projection-hash.ts';
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

it(`ends ${ORDERS} orders at up to 20 per second, none duplicated, with stock, ledger, projection and log consistent`, async () => {
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
      Array.from({ length: tries }, () => place(customer.token, `load-order-${n}`, body)),
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

const allFinished = () => expect.poll(countInProgress, { timeout: 180_000, interval: 200 }).toBe(0);
