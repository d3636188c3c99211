import { ShipmentCancelled, ShipmentDispatched } from '@fieldguide/contracts/shipping';
import type { UnitOfWork } from '@fieldguide/database';
import { Shipment } from './shipment.entity.ts';

/** Cancels the shipment and publishes it. */
export async function cancelShipment(
  shipment: Shipment,
  reason: 'requested' | 'addressErased',
  uow: UnitOfWork,
): Promise<void> {
  Object.assign(shipment, { status: 'cancelled', dispatchDueAt: null });
  await uow.save(Shipment, shipment);
  publishCancelled(shipment.orderId, reason, uow);
}

export function publishCancelled(
  orderId: string,
  reason: 'requested' | 'addressErased',
  uow: UnitOfWork,
): void {
  const { topic, type } = ShipmentCancelled;
  uow.publish({ topic, type, subject: orderId, data: { orderId, reason } });
}

export function publishDispatched(
  { orderId, shipmentId, trackingNumber, dispatchedAt }: Shipment,
  uow: UnitOfWork,
): void {
  const { topic, type } = ShipmentDispatched;
  const data = { orderId, shipmentId, trackingNumber, dispatchedAt: dispatchedAt!.toISOString() };
  uow.publish({ topic, type, subject: orderId, data });
}
