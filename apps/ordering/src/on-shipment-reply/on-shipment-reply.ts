import { ShipmentCancelled, ShipmentDispatched } from '@fieldguide/contracts/shipping';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { OrderCommandHandler } from '../order/order-command-handler.ts';

export const Dispatched = consumes(
  ShipmentDispatched,
  'orderId',
  'shipmentId',
  'trackingNumber',
  'dispatchedAt',
);
export const Cancelled = consumes(ShipmentCancelled, 'orderId', 'reason');

/** Records shipping's decision between dispatch and cancellation. */
@Controller()
export class OnShipmentReply {
  constructor(private readonly orders: OrderCommandHandler) {}

  @OnMessage(Dispatched)
  async dispatched(
    { source, time, data }: MessageOf<typeof Dispatched>,
    tx: UnitOfWork,
  ): Promise<void> {
    const { orderId, ...shipment } = data;
    const origin = { source, time };
    const command = { type: 'RecordShipmentDispatched', data: { origin, ...shipment } } as const;
    await this.orders.handle(orderId, command, tx);
  }

  @OnMessage(Cancelled)
  async cancelled(
    { source, time, data }: MessageOf<typeof Cancelled>,
    tx: UnitOfWork,
  ): Promise<void> {
    const { orderId, reason } = data;
    const reply = { origin: { source, time }, reason };
    await this.orders.handle(orderId, { type: 'RecordShipmentCancelled', data: reply }, tx);
  }
}
