import { Ids } from '@fieldguide/clock';
import { OrderConfirmed } from '@fieldguide/contracts/ordering';
import { type UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Shipment } from '../shipment/shipment.entity.ts';
import { publishCancelled, publishDispatched } from '../shipment/shipment.ts';
import { ShippingConfig } from '../shipping.config.ts';

export const Confirmed = consumes(OrderConfirmed, 'orderId');

@Controller()
export class OnOrderConfirmed {
  constructor(
    private readonly config: ShippingConfig,
    private readonly ids: Ids,
  ) {}

  @OnMessage(Confirmed)
  async handle({ data: { orderId } }: MessageOf<typeof Confirmed>, uow: UnitOfWork): Promise<void> {
    const earlier = await uow.load(Shipment, orderId);
    if (earlier?.status === 'dispatched') publishDispatched(earlier, uow);
    if (earlier?.status === 'cancelled') publishCancelled(orderId, 'requested', uow);
    if (earlier) return;
    const delayMs = this.config.DISPATCH_DELAY_MS;
    const shipment = Object.assign(new Shipment(), {
      orderId,
      shipmentId: this.ids.next(),
      status: 'waiting',
      cause: uow.causation,
      dispatchDueAt: new Date((await uow.databaseTime()).getTime() + delayMs),
    });
    await uow.save(Shipment, shipment);
    uow.notify('shipments'); // so that the loop learns when it is due
  }
}
