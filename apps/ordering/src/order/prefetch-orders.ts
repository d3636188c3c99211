import type { UnitOfWork } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { type Envelope, Prefetch } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';
import { OpenCheckout } from '../checkout/checkout-deadlines.ts';
import { Authorised, Captured, Declined, Voided } from '../on-payment-reply/on-payment-reply.ts';
import { Cancelled, Dispatched } from '../on-shipment-reply/on-shipment-reply.ts';
import { Refused, Released, Reserved } from '../on-stock-reply/on-stock-reply.ts';
import { order } from './order.model.ts';

const replies = [
  ...[Reserved, Refused, Released],
  ...[Authorised, Declined, Captured, Voided],
  ...[Dispatched, Cancelled],
];

/** Reads the streams and the deadlines of the orders that many replies are about, with a statement for each. */
@Injectable()
export class PrefetchOrders extends Prefetch {
  constructor(private readonly events: EventStore) {
    super();
  }

  override async prefetch(messages: readonly Envelope[], uow: UnitOfWork): Promise<void> {
    const orderIds = this.subjects(messages, ...replies);
    const streams = orderIds.map((id) => `${order.name}-${id}`);
    await Promise.all([
      streams.length > 0 && this.events.prefetch(streams, uow),
      uow.prefetch(OpenCheckout, orderIds),
    ]);
  }
}
