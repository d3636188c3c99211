import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { shipTo } from '@fieldguide/contracts/example-data';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { MemoryEventStore } from '@fieldguide/event-store/parts';
import { beforeEach, describe, expect, it } from 'vitest';
import { deadlines } from '../checkout/checkout.model.ts';
import { CheckoutDeadlines } from '../checkout/checkout-deadlines.ts';
import { ada, happyPath, orderId, orderPlaced } from '../order/order.examples.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { DeliveryAddress } from './customer-data.ts';
import { EraseCustomers } from './erase-customers.ts';
import { OnCustomerErased } from './on-customer-erased.ts';

let clock: ManualClock;
let units: MemoryUnitOfWorkRunner;
let events: MemoryEventStore;
let customers: EraseCustomers;
beforeEach(async () => {
  clock = new ManualClock();
  const ids = new CountingIds();
  units = new MemoryUnitOfWorkRunner({ service: 'ordering', clock, ids });
  events = new MemoryEventStore(clock, ids);
  const orders = new OrderCommandHandler(events, new CheckoutDeadlines(deadlines as never));
  customers = new EraseCustomers(units, orders);
  await keepAddress();
});
const keepAddress = () =>
  units.run((tx) => {
    const row = Object.assign(new DeliveryAddress(), { orderId, customerId: ada, shipTo });
    return tx.save(DeliveryAddress, row);
  });
const receive = () =>
  units.run((tx) =>
    new OnCustomerErased(customers).handle({ data: { customerId: ada } } as never, tx),
  );
const address = () => units.run((tx) => tx.load(DeliveryAddress, orderId));
const given = (...history: typeof happyPath) =>
  events.append({ stream: `order-${orderId}`, expected: 0, events: history });
const types = async () => (await events.read(`order-${orderId}`)).map(({ type }) => type);

describe('an erased customer', () => {
  it('has no address here any more; dispatched orders are unchanged', async () => {
    await given(...happyPath);
    await receive();
    expect(await address()).toBeUndefined();
    expect(await types()).toEqual(happyPath.map(({ type }) => type));
  });
  it('has its open orders cancelled', async () => {
    await given(orderPlaced);
    await receive();
    expect(await types()).toEqual(['OrderPlaced', 'OrderCancelled']);
  });
  it('is swept once more, because an order may have been placed at the same moment', async () => {
    await given(orderPlaced);
    await receive();
    await keepAddress();
    expect(await customers.sweep()).toBe(0);
    clock.advance(60_000);
    expect(await customers.sweep()).toBe(1);
    expect(await address()).toBeUndefined();
    clock.advance(3_600_000);
    expect(await customers.sweep()).toBe(0);
  });
  it('may be received twice', async () => {
    await given(orderPlaced);
    await receive();
    await receive();
    expect(await types()).toEqual(['OrderPlaced', 'OrderCancelled']);
  });
});
