import type { UnitOfWork } from '@fieldguide/database';
import { type Envelope, Prefetch } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';
import { Requested } from '../on-cancellation-request/on-cancellation-request.ts';
import { Confirmed } from '../on-order-confirmed/on-order-confirmed.ts';
import { Shipment } from './shipment.entity.ts';

/** Reads the shipments of many messages with one statement. */
@Injectable()
export class PrefetchShipments extends Prefetch {
  override prefetch(messages: readonly Envelope[], uow: UnitOfWork): Promise<void> {
    return uow.prefetch(Shipment, this.subjects(messages, Confirmed, Requested), { lock: true });
  }
}
