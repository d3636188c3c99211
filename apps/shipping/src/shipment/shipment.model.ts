import type { Shipment } from './shipment.entity.ts';

export type CancellationReason = 'requested' | 'addressErased';

/** True while the shipment is as the worker claimed it: not cancelled, nor claimed by another worker. */
export const isStillClaimed = (
  shipment: Shipment | undefined,
  claimed: Shipment,
): shipment is Shipment => shipment?.version === claimed.version;

/** Marks a waiting shipment as dispatched. @throws Error when it is dispatched or cancelled already: the first stays */
export function dispatch(shipment: Shipment, trackingNumber: string, dispatchedAt: Date): void {
  assertWaiting(shipment);
  Object.assign(shipment, {
    status: 'dispatched',
    dispatchDueAt: null,
    dispatchedAt,
    trackingNumber,
  });
}

/** Marks a waiting shipment as cancelled; before its order is confirmed, that is a tombstone. @throws Error as `dispatch` */
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
