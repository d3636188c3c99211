import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { ShipmentDispatched } from '@fieldguide/contracts/shipping';
import { MemoryUnitsOfWork, MemoryWakeups } from '@fieldguide/database';
import { beforeEach, describe, expect, it } from 'vitest';
import { WhenOrderConfirmed } from '../when-order-confirmed/when-order-confirmed.ts';
import { Addresses } from './addresses.ts';
import { DispatchShipments } from './dispatch-shipments.ts';

const orderId = '01900000-0000-8000-8000-00000000000a';
class Book extends Addresses {
  isAway = false;

  override async of() {
    if (this.isAway) throw new Error('ordering is away');
    return { name: 'Ada', street: '1 Main St', city: 'Bern', postalCode: '3000', country: 'CH' };
  }
}
let clock: ManualClock;
let units: MemoryUnitsOfWork;
let book: Book;
let dispatch: DispatchShipments;
beforeEach(async () => {
  clock = new ManualClock();
  units = new MemoryUnitsOfWork({ service: 'shipping', clock, ids: new CountingIds() });
  book = new Book();
  dispatch = new DispatchShipments(units, book, clock);
  const config = { DISPATCH_DELAY_MS: 1_000 } as never;
  const confirmed = new WhenOrderConfirmed(
    config,
    new CountingIds(),
    clock,
    new MemoryWakeups(clock),
  );
  const hear = () =>
    units.run((uow) => {
      uow.causedBy({ id: orderId, correlationid: 'began-there' });
      return confirmed.handle({ data: { orderId } } as never, uow);
    });
  await hear();
  await hear();
});

describe('a confirmed order', () => {
  it('is dispatched after the delay, once, without its address in the fact', async () => {
    expect(await dispatch.once()).toBe(0);
    clock.advance(1_000);
    expect(await dispatch.once()).toBe(1);
    clock.advance(60_000);
    expect(await dispatch.once()).toBe(0);
    expect(units.outbox).toHaveLength(1);
    const { data, correlationid } = units.outbox[0]!.envelope;
    expect(correlationid).toBe('began-there');
    expect(ShipmentDispatched.data.strict().parse(data)).toMatchObject({ orderId });
    expect(JSON.stringify(data)).not.toContain('Main St');
  });
  it('waits, and is not lost, while ordering cannot be asked for the address', async () => {
    book.isAway = true;
    clock.advance(1_000);
    await dispatch.once();
    expect(units.outbox).toEqual([]);
    book.isAway = false;
    clock.advance(60_000);
    await dispatch.once();
    expect(units.outbox).toHaveLength(1);
  });
});
