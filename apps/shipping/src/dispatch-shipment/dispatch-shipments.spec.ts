import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { shipTo } from '@fieldguide/contracts/example-data';
import { ShipmentCancelled, ShipmentDispatched } from '@fieldguide/contracts/shipping';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { outboxOf } from '@fieldguide/messaging/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { OnCancellationRequest } from '../on-cancellation-request/on-cancellation-request.ts';
import { OnOrderConfirmed } from '../on-order-confirmed/on-order-confirmed.ts';
import { DeliveryAddresses } from './delivery-addresses.ts';
import { DispatchShipments } from './dispatch-shipments.ts';

const orderId = '01900000-0000-8000-8000-00000000000a';
class AddressBook extends DeliveryAddresses {
  isAway = false;
  readonly erased = new Set<string>();
  readonly unknown = new Set<string>();
  readonly requests: (readonly string[])[] = [];
  meanwhile: () => Promise<void> = async () => undefined;

  override async of(orderIds: readonly string[]) {
    this.requests.push(orderIds);
    await this.meanwhile();
    if (this.isAway) throw new Error('ordering is away');
    const known = orderIds.filter((id) => !this.unknown.has(id));
    return new Map(known.map((id) => [id, this.erased.has(id) ? null : shipTo]));
  }
}
let clock: ManualClock;
let units: MemoryUnitOfWorkRunner;
let addresses: AddressBook;
let dispatch: DispatchShipments;
let confirm: (id?: string) => Promise<void>;
beforeEach(() => {
  clock = new ManualClock();
  units = new MemoryUnitOfWorkRunner({ service: 'shipping', clock, ids: new CountingIds() });
  addresses = new AddressBook();
  dispatch = new DispatchShipments(units, addresses);
  const config = { DISPATCH_DELAY_MS: 1_000 } as never;
  const confirmed = new OnOrderConfirmed(config, new CountingIds());
  confirm = (id) => handle(confirmed, id);
});
const handle = (handler: OnOrderConfirmed | OnCancellationRequest, id = orderId) =>
  units.run((uow) => {
    uow.continueFrom({ id, correlationid: 'began-there' });
    return handler.handle({ data: { orderId: id } } as never, uow);
  });
const cancel = () => handle(new OnCancellationRequest(new CountingIds()));
const published = () => outboxOf(units).map(({ envelope }) => envelope.type);

describe('a confirmed order', () => {
  beforeEach(async () => {
    await confirm();
    await confirm();
  });
  it('is dispatched after the delay, once, without its address in the event', async () => {
    expect(await dispatch.once()).toBe(0);
    clock.advance(1_000);
    expect(await dispatch.once()).toBe(1);
    clock.advance(60_000);
    expect(await dispatch.once()).toBe(0);
    expect(outboxOf(units)).toHaveLength(1);
    const { data, correlationid } = outboxOf(units)[0]!.envelope;
    expect(correlationid).toBe('began-there');
    expect(ShipmentDispatched.data.strict().parse(data)).toMatchObject({ orderId });
    expect(JSON.stringify(data)).not.toContain('Main St');
  });
  it('is cancelled when its address was erased', async () => {
    addresses.erased.add(orderId);
    clock.advance(1_000);
    await dispatch.once();
    expect(outboxOf(units).map(({ envelope }) => envelope.data)).toEqual([
      { orderId, reason: 'addressErased' },
    ]);
  });
  it('is not dispatched when it is cancelled in time', async () => {
    await cancel();
    clock.advance(60_000);
    await dispatch.once();
    await cancel();
    expect(published()).toEqual(['ShipmentCancelled', 'ShipmentCancelled']);
    ShipmentCancelled.data.strict().parse(outboxOf(units)[0]!.envelope.data);
  });
  it('stays dispatched when the cancellation comes later', async () => {
    clock.advance(1_000);
    await dispatch.once();
    await cancel();
    expect(published()).toEqual(['ShipmentDispatched', 'ShipmentDispatched']);
    const [first, again] = outboxOf(units).map(({ envelope }) => envelope.data);
    expect(again).toEqual(first);
  });
  it('has one outcome when a cancellation arrives while the address is fetched', async () => {
    clock.advance(1_000);
    addresses.meanwhile = cancel;
    await dispatch.once();
    expect(published()).toEqual(['ShipmentCancelled']);
  });
});

describe('a batch of confirmed orders', () => {
  const [erased, unknown] = [orderId.replace(/a$/, 'b'), orderId.replace(/a$/, 'c')];
  const outcomes = () =>
    Object.fromEntries(outboxOf(units).map(({ envelope }) => [envelope.subject, envelope.type]));
  beforeEach(async () => {
    for (const id of [orderId, erased, unknown]) await confirm(id);
    clock.advance(1_000);
  });
  it('needs one call for all addresses; an order without one waits', async () => {
    addresses.erased.add(erased);
    addresses.unknown.add(unknown);
    await dispatch.once();
    expect(addresses.requests.map((ids) => ids.toSorted())).toEqual([[orderId, erased, unknown]]);
    const known = { [orderId]: 'ShipmentDispatched', [erased]: 'ShipmentCancelled' };
    expect(outcomes()).toEqual(known);
    addresses.unknown.clear();
    clock.advance(60_000);
    await dispatch.once();
    expect(addresses.requests[1]).toEqual([unknown]);
    expect(outcomes()).toEqual({ ...known, [unknown]: 'ShipmentDispatched' });
  });
  it('waits, and is not lost, while ordering is not reachable', async () => {
    addresses.isAway = true;
    await dispatch.once();
    expect(published()).toEqual([]);
    addresses.isAway = false;
    clock.advance(60_000);
    expect(await dispatch.once()).toBe(3);
    expect(published()).toHaveLength(3);
  });
});

describe('a cancellation that comes before the confirmation', () => {
  it('leaves a tombstone: nothing is shipped', async () => {
    await cancel();
    await confirm();
    clock.advance(60_000);
    await dispatch.once();
    expect(published()).toEqual(['ShipmentCancelled', 'ShipmentCancelled']);
  });
});
