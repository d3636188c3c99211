import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { shipTo } from '@fieldguide/contracts/example-data';
import type { PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { MemoryEventStore } from '@fieldguide/event-store/parts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Admission } from '../admission/admission.ts';
import { deadlines } from '../checkout/checkout.model.ts';
import { CheckoutDeadlines, OpenCheckout } from '../checkout/checkout-deadlines.ts';
import { DeliveryAddress, ErasedCustomer } from '../customer-data/customer-data.ts';
import { ada, hammock } from '../order/order.examples.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { Prices } from '../prices/prices.ts';
import { PlaceOrderHandler } from './place-order.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
class FixedPrices extends Prices {
  calls = 0;

  override async priced(lines: readonly { productId: string; quantity: number }[]) {
    this.calls += 1;
    const { name, unitPrice } = hammock;
    const amountMinor = lines.reduce(
      (sum, { quantity }) => sum + quantity * unitPrice.amountMinor,
      0,
    );
    const priced = lines.map((line) => ({ ...line, name, unitPrice }));
    return { lines: priced, total: { ...unitPrice, amountMinor }, asOf: clock.now() };
  }
}
const request = (quantity = 2): PlaceOrderRequest => ({
  lines: [{ productId: hammock.productId, quantity }],
  payment: { token: 'tok_ok' },
  shipTo,
});
let units: MemoryUnitOfWorkRunner;
let events: MemoryEventStore;
let prices: FixedPrices;
let placeOrder: PlaceOrderHandler;
let admission: Admission;
beforeEach(() => {
  units = new MemoryUnitOfWorkRunner({ service: 'ordering', clock, ids });
  events = new MemoryEventStore(clock, ids);
  prices = new FixedPrices();
  const orders = new OrderCommandHandler(events, new CheckoutDeadlines(deadlines as never));
  const bounds = { CHECKOUT_WAIT_SHARE_MAX: 0.5, CHECKOUTS_WAITING_MIN: 1 };
  admission = new Admission({ ...deadlines, ...bounds } as never, clock);
  placeOrder = new PlaceOrderHandler(units, orders, prices, admission);
});

describe('placing an order', () => {
  it('keeps the address apart from the events', async () => {
    const { order } = await placeOrder.handle(ada, 'first-key', request());
    expect(JSON.stringify(await events.read(`order-${order.id}`))).not.toContain('Main St');
    const address = await units.run((uow) => uow.load(DeliveryAddress, order.id));
    expect(address?.shipTo).toEqual(shipTo);
  });
  it('reads the stream once', async () => {
    const reads = vi.spyOn(events, 'read');
    await placeOrder.handle(ada, 'first-key', request());
    expect(reads).toHaveBeenCalledTimes(1);
  });
  it('twice with one key gives the same order, and fetches no price again', async () => {
    const first = await placeOrder.handle(ada, 'first-key', request());
    expect(await placeOrder.handle(ada, 'first-key', request())).toEqual(first);
    expect(prices.calls).toBe(1);
    expect(await events.lastPosition()).toBe('1');
  });
  it('at the same moment gives one order', async () => {
    const placed = await Promise.all(
      [1, 2, 3].map(() => placeOrder.handle(ada, 'first-key', request())),
    );
    expect(new Set(placed.map(({ order }) => order.id)).size).toBe(1);
    expect(await events.lastPosition()).toBe('1');
  });
  it('with the key of another order is refused', async () => {
    await placeOrder.handle(ada, 'first-key', request());
    const code = { code: 'ordering.idempotencyKeyReused' };
    await expect(placeOrder.handle(ada, 'first-key', request(3))).rejects.toMatchObject(code);
    const elsewhere = { ...request(), shipTo: { ...shipTo, city: 'Basel' } };
    await expect(placeOrder.handle(ada, 'first-key', elsewhere)).rejects.toMatchObject(code);
  });
  it('again after the account was erased is refused, because the address cannot be compared', async () => {
    const { order } = await placeOrder.handle(ada, 'first-key', request());
    const gone = Object.assign(new ErasedCustomer(), { customerId: ada, erasedAt: clock.now() });
    await units.run(async (uow) => {
      await uow.save(ErasedCustomer, gone);
      await uow.remove(DeliveryAddress, { orderId: order.id });
    });
    await expect(placeOrder.handle(ada, 'first-key', request())).rejects.toMatchObject({
      code: 'ordering.customerErased',
    });
  });
  it('again after its address was deleted gives the same order', async () => {
    const first = await placeOrder.handle(ada, 'first-key', request());
    await units.run((uow) => uow.remove(DeliveryAddress, { orderId: first.order.id }));
    expect(await placeOrder.handle(ada, 'first-key', request())).toEqual(first);
  });
  it('with the same key by two people gives two orders', async () => {
    const [hers, his] = await Promise.all([
      placeOrder.handle(ada, 'first-key', request()),
      placeOrder.handle('01900000-0000-7000-9000-000000000003', 'first-key', request()),
    ]);
    expect(hers.order.id).not.toBe(his.order.id);
  });
  it('is refused while the checkout is behind, but a repeat is answered', async () => {
    const first = await placeOrder.handle(ada, 'first-key', request());
    admission.apply({ seconds: 1, waiting: 50, placed: 1, placedHere: 1, answered: 0 });
    const code = { code: 'ordering.checkoutOverloaded', retryAfterSeconds: 60 };
    await expect(placeOrder.handle(ada, 'second-key', request())).rejects.toMatchObject(code);
    expect(await placeOrder.handle(ada, 'first-key', request())).toEqual(first);
    expect([prices.calls, await events.lastPosition()]).toEqual([1, '1']);
  });
  it('begins its first step, with a deadline, in the same transaction', async () => {
    const { order, version } = await placeOrder.handle(ada, 'first-key', request());
    const row = await units.run((uow) => uow.load(OpenCheckout, order.id));
    expect(row).toMatchObject({ step: 'placed', retries: 0, overdueSince: null });
    expect(row!.deadlineAt.getTime() - row!.waitsSince.getTime()).toBe(deadlines.STOCK_DEADLINE_MS);
    expect(version).toBe(1);
  });
  it('is rejected for an erased customer, and stores no address', async () => {
    const gone = Object.assign(new ErasedCustomer(), { customerId: ada, erasedAt: clock.now() });
    await units.run((uow) => uow.save(ErasedCustomer, gone));
    const code = { code: 'ordering.customerErased' };
    await expect(placeOrder.handle(ada, 'first-key', request())).rejects.toMatchObject(code);
    expect(await units.run((uow) => uow.find(DeliveryAddress, {}, 1))).toEqual([]);
  });
});
