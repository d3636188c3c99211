import { Ids } from '@fieldguide/clock';
import { CancellationRequested } from '@fieldguide/contracts/ordering';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Shipment } from '../shipment/shipment.entity.ts';
import { cancelShipment, publishCancelled, publishDispatched } from '../shipment/shipment.ts';

export const Requested = consumes(CancellationRequested, 'orderId');

/**
 * Decides between cancellation and dispatch: both lock the same row, so the first one wins and the other gets that
 * outcome. Every request gets a reply, a repeat the same one.
 */
@Controller()
export class OnCancellationRequest {
  constructor(private readonly ids: Ids) {}

  @OnMessage(Requested)
  async handle({ data: { orderId } }: MessageOf<typeof Requested>, uow: UnitOfWork): Promise<void> {
    const [shipment = this.#tombstone(orderId, uow)] = await uow.lock(Shipment, [orderId]);
    if (shipment.status === 'dispatched') return publishDispatched(shipment, uow);
    if (shipment.status === 'cancelled') return publishCancelled(orderId, 'requested', uow);
    await cancelShipment(shipment, 'requested', uow);
  }

  #tombstone(orderId: string, { causation }: UnitOfWork): Shipment {
    const shipmentId = this.ids.next();
    return Object.assign(new Shipment(), {
      orderId,
      shipmentId,
      status: 'waiting',
      cause: causation,
    });
  }
}
