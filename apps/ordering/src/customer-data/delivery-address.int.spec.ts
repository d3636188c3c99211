import 'reflect-metadata';
import { TestKeys } from '@fieldguide/auth/testing';
import { shipTo } from '@fieldguide/contracts/example-data';
import { type Database, UnitOfWorkRunner } from '@fieldguide/database';
import { freshDatabase } from '@fieldguide/database/testing';
import { EventStore } from '@fieldguide/event-store';
import { openForTest } from '@fieldguide/service/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ada, orderPlaced } from '../order/order.examples.ts';
import { OrderingModule } from '../ordering.module.ts';
import { DeliveryAddress, storeAddress } from './customer-data.ts';
import { EraseCustomers } from './erase-customers.ts';

const id = (n: number) => `01900000-0000-8000-8000-${String(n).padStart(12, '0')}`;
const [first, second, erased, lost, unknown] = [1, 2, 3, 4, 5].map(id);
const bob = '01900000-0000-7000-9000-000000000002';

const keys = new TestKeys('test/test');
let database: Database;
let app: Awaited<ReturnType<typeof openForTest>>;
beforeAll(async () => {
  const fresh = await freshDatabase(inject('backing').postgres, 'int_delivery_addresses');
  database = fresh;
  app = await openForTest(OrderingModule, { env: { DATABASE_URL: fresh.url }, keys });
  const units = app.get(UnitOfWorkRunner);
  for (const [orderId, customerId] of [
    [first, ada],
    [second, ada],
    [lost, ada],
    [erased, bob],
  ] as const) {
    const data = { ...orderPlaced.data, orderId: orderId!, customerId };
    const events = [{ ...orderPlaced, data }];
    await app.get(EventStore).append({ stream: `order-${orderId}`, expected: 0, events });
    await units.run((tx) => storeAddress(data, shipTo, tx));
  }
  await units.run((tx) => tx.remove(DeliveryAddress, { orderId: lost! }));
  await units.run((tx) => app.get(EraseCustomers).erase(bob, tx));
});
afterAll(async () => {
  await app.close();
  await database.close();
});

const get = (orderIds: string, scope = 'orders:address:read') =>
  app.inject({
    method: 'GET',
    url: `/delivery-addresses${orderIds}`,
    headers: { authorization: `Bearer ${keys.token('shipping', scope, { kind: 'service' })}` },
  });

describe('the delivery addresses of a batch', () => {
  it('are null for an erased customer, and left out when unknown or lost', async () => {
    const response = await get(`?orderIds=${[unknown, second, erased, lost, first]}`);
    expect(response.json()).toEqual({
      items: [
        { orderId: first, shipTo },
        { orderId: second, shipTo },
        { orderId: erased, shipTo: null },
      ],
    });
    expect(response.headers['cache-control']).toBe('no-store');
  });
  it('may be of 20 orders', async () => {
    const { items } = (
      await get(`?orderIds=${Array.from({ length: 20 }, (_, n) => id(n))}`)
    ).json();
    expect(items).toHaveLength(3);
  });
  it.each([
    ['21 orders', `?orderIds=${Array.from({ length: 21 }, (_, n) => id(n))}`],
    ['no order', '?orderIds='],
    ['no parameter', ''],
    ['a malformed id', `?orderIds=${first},x`],
    ['a repeated parameter', `?orderIds=${first}&orderIds=${second}`],
  ])('are refused for %s', async (_, query) => {
    const response = await get(query);
    expect([response.statusCode, response.json().type]).toEqual([
      400,
      '/problems/malformedRequest',
    ]);
  });
  it('are refused to a caller without the scope', async () =>
    expect((await get(`?orderIds=${first}`, 'orders:read:any')).statusCode).toBe(403));
});
