import type { Shipment } from './shipment.entity.ts';

export type CancellationReason = 'requested' | 'addressErased';

/** How the shipment of an order ended; undefined while it waits. Whichever came first, dispatch or cancellation, stays. */
export type ShipmentOutcome = 'dispatched' | 'cancelled' | undefined;
export const outcomeOf = ({ status }: Shipment): ShipmentOutcome =>
  status === 'waiting' ? undefined : status;

/** True while the shipment is as the worker claimed it: not cancelled, nor claimed by another worker. */
export const isStillClaimed = (shipment: Shipment | undefined, claimed: Shipment): boolean =>
  shipment?.version === claimed.version;

/** Marks a waiting shipment as dispatched. */
export function dispatch(shipment: Shipment, trackingNumber: string, dispatchedAt: Date): void {
  assertWaiting(shipment);
  Object.assign(shipment, {
    status: 'dispatched',
    dispatchDueAt: null,
    dispatchedAt,
    trackingNumber,
  });
}

/** Marks a waiting shipment as cancelled; before its order is confirmed, that is a tombstone. */
export function cancel(shipment: Shipment): void {
  assertWaiting(shipment);
  Object.assign(shipment, { status: 'cancelled', dispatchDueAt: null });
}

/** Returns the number for tracking: the same for a shipment on every try. `uuid` is derived from the shipment's id. */
export const trackingNumberOf = (uuid: string): string =>
  `FG${uuid.replaceAll('-', '').slice(0, 12).toUpperCase()}`;

function assertWaiting({ orderId, status }: Shipment): void {
  if (status !== 'waiting')
    throw new Error(`The shipment of order ${orderId} is ${status} already`);
}
