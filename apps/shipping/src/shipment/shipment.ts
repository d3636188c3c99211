import { ShipmentCancelled, ShipmentDispatched } from '@fieldguide/contracts/shipping';
import type { UnitOfWork } from '@fieldguide/database';
import { publish } from '@fieldguide/messaging';
import { Shipment } from './shipment.entity.ts';
import { type CancellationReason, cancel } from './shipment.model.ts';

/** Cancels the shipment and publishes it. */
export async function cancelShipment(
  shipment: Shipment,
  reason: CancellationReason,
  uow: UnitOfWork,
): Promise<void> {
  cancel(shipment);
  await uow.save(Shipment, shipment);
  publishCancelled(shipment.orderId, reason, uow);
}

export function publishCancelled(
  orderId: string,
  reason: CancellationReason,
  uow: UnitOfWork,
): void {
  publish(uow, ShipmentCancelled, orderId, { orderId, reason });
}

export function publishDispatched(
  { orderId, shipmentId, trackingNumber, dispatchedAt }: Shipment,
  uow: UnitOfWork,
): void {
  const data = {
    orderId,
    shipmentId,
    trackingNumber: trackingNumber!,
    dispatchedAt: dispatchedAt!.toISOString(),
  };
  publish(uow, ShipmentDispatched, orderId, data);
}
