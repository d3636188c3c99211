import { ShipmentDispatched } from '@fieldguide/contracts/shipping';
import type { UnitOfWork } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { order } from '../order/order.ts';

const Dispatched = heard(
  ShipmentDispatched,
  'orderId',
  'shipmentId',
  'trackingNumber',
  'dispatchedAt',
);

@Controller()
export class WhenShipmentDispatched {
  constructor(private readonly events: EventStore) {}

  @On(Dispatched)
  async handle({ source, time, data }: Heard<typeof Dispatched>, tx: UnitOfWork): Promise<void> {
    const { orderId, ...shipment } = data;
    const fact = { origin: { source, time }, ...shipment };
    await this.events.handle(
      order,
      orderId,
      { type: 'NoteShipmentDispatched', data: fact },
      { tx },
    );
  }
}
