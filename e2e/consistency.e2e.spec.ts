import type { Order } from '@fieldguide/contracts/ordering';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instances, platform, scale, setSetting } from './running-platform.ts';
import { newCustomer, operatorToken, orderOf, place, product, query, send } from './shop.ts';

const READS = Number(process.env['FIELDGUIDE_PROMPT_READS'] ?? 400);

let customer: Awaited<ReturnType<typeof newCustomer>>;
beforeAll(async () => {
  customer = await newCustomer();
});
afterAll(async () => {
  await platform().call('DELETE', '/apps/ordering/settings/VIEW_DELAY_MS');
  await scale('ordering', 1);
});

describe('an order that was acknowledged', () => {
  it(`is readable immediately on every instance, ${READS} times, while the projection lags by 300 ms`, async () => {
    await scale('ordering', 2);
    await setSetting('ordering', 'VIEW_DELAY_MS', '300');
    const [operator, urls] = [
      await operatorToken(),
      (await instances('ordering')).map(({ url }) => url),
    ];
    let placements = 0;
    const delayed = async () => {
      const key = `is-it-delayed-${++placements}`;
      const { status, body } = await place(customer.token, key, orderOf('tok_ok', product.plenty));
      expect(status).toBe(201);
      return body.id as string;
    };
    const rows = async (id: string) =>
      (await query('ordering', 'SELECT FROM order_summary WHERE order_id = $1', [id])).length;
    await expect.poll(async () => rows(await delayed())).toBe(0); // the setting is in use
    const id = await delayed();
    await expect.poll(() => rows(id)).toBe(1); // and the projection runs
    const misses: unknown[] = [];
    const one = async (n: number) => {
      const body = orderOf('tok_declined', product.plenty);
      const headers = { 'idempotency-key': `read-at-once-${n}` };
      const token = customer.token;
      const at = (i: number) => ({ origin: urls[i % urls.length]! });
      const placed = await send('POST', '/orders', { token, body, headers, ...at(n) });
      const path = `/orders/${placed.body.id}`;
      const seen = { 'consistency-token': placed.headers.get('consistency-token')! };
      const read = await send('GET', path, {
        token: n % 2 ? token : operator,
        headers: n % 4 < 2 ? seen : {},
        ...at(n + 1),
      });
      if (placed.status !== 201 || read.body.id !== placed.body.id) misses.push([n, placed, read]);
      if (n % 20 > 0) return;
      const list = await send('GET', '/orders?limit=100', { token, headers: seen, ...at(n + 1) });
      const ids = (list.body.items as Order[] | undefined)?.map(({ id }) => id);
      if (!ids?.includes(placed.body.id)) misses.push([n, placed, list]);
    };
    for (let n = 0; n < READS; n += 8)
      await Promise.all(Array.from({ length: 8 }, (_, i) => one(n + i)));
    expect(misses).toEqual([]);
    await setSetting('ordering', 'VIEW_DELAY_MS', '0');
  }, 180_000);

  it('is awaited in a list only with a consistency token issued to its owner', async () => {
    const { token } = customer;
    const list = (seen: string) =>
      send('GET', '/orders', { token, headers: { 'consistency-token': seen } });
    const forged = 'order-01900000-0000-8000-8000-00000000dead@1';
    const order = orderOf('tok_declined', product.plenty);
    const other = await place((await newCustomer()).token, 'of-another-customer', order);
    const own = await place(customer.token, 'ahead-of-the-log', order);
    const ahead = `order-${own.body.id}@999`;
    for (const token of [forged, ahead, other.headers.get('consistency-token')!])
      expect(await list(token), token).toMatchObject({
        status: 422,
        body: { type: '/problems/ordering.consistencyTokenInvalid' },
      });
    expect(await list('yesterday')).toMatchObject({
      status: 422,
      body: { type: '/problems/ordering.consistencyTokenInvalid' },
    });
  });
});
