import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { Shipment, type ShipmentStatus } from './shipment.entity.ts';
import { cancel, dispatch, isStillClaimed, trackingNumberOf } from './shipment.model.ts';

const at = new Date('2026-11-20T10:00:00Z');
const shipmentIn = (status: ShipmentStatus) =>
  Object.assign(new Shipment(), { orderId: 'o1', status, dispatchDueAt: at, version: 3 });

describe('a shipment', () => {
  it('that waits is dispatched', () => {
    const shipment = shipmentIn('waiting');
    dispatch(shipment, 'FG1', at);
    expect(shipment).toMatchObject({
      dispatchDueAt: null,
      dispatchedAt: at,
      trackingNumber: 'FG1',
      status: 'dispatched',
    });
  });
  it('that waits is cancelled', () => {
    const shipment = shipmentIn('waiting');
    cancel(shipment);
    expect(shipment).toMatchObject({ dispatchDueAt: null, status: 'cancelled' });
  });
  it.each(['dispatched', 'cancelled'] as const)('that is %s stays so', (status) => {
    const shipment = shipmentIn(status);
    expect(() => cancel(shipment)).toThrow(status);
    expect(() => dispatch(shipment, 'FG2', at)).toThrow(status);
    expect(shipment.status).toBe(status);
  });
  it('is still claimed until its row changes', () => {
    const claimed = shipmentIn('waiting');
    expect(isStillClaimed(shipmentIn('waiting'), claimed)).toBe(true);
    expect(isStillClaimed(Object.assign(shipmentIn('waiting'), { version: 4 }), claimed)).toBe(
      false,
    );
    expect(isStillClaimed(undefined, claimed)).toBe(false);
  });
  it('has a tracking number of 14 characters', () =>
    expect(trackingNumberOf('01900000-abcd-8000-8000-00000000000a')).toBe('FG01900000ABCD'));
});
