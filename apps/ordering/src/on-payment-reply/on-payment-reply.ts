import {
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
  PaymentVoided,
} from '@fieldguide/contracts/payments';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { OrderCommandHandler } from '../order/order-command-handler.ts';

export const Authorised = consumes(PaymentAuthorised, 'orderId', 'paymentId', 'amount');
export const Declined = consumes(PaymentDeclined, 'orderId', 'paymentId', 'reason');
export const Captured = consumes(PaymentCaptured, 'orderId', 'paymentId', 'amount');
export const Voided = consumes(PaymentVoided, 'orderId', 'paymentId');

@Controller()
export class OnPaymentReply {
  constructor(private readonly orders: OrderCommandHandler) {}

  @OnMessage(Authorised)
  async authorised(
    { source, time, data }: MessageOf<typeof Authorised>,
    tx: UnitOfWork,
  ): Promise<void> {
    const { orderId, ...reply } = data;
    const origin = { source, time };
    const command = { type: 'RecordPaymentAuthorised', data: { origin, ...reply } } as const;
    await this.orders.handle(orderId, command, tx);
  }

  @OnMessage(Declined)
  async declined(
    { source, time, data }: MessageOf<typeof Declined>,
    tx: UnitOfWork,
  ): Promise<void> {
    const { orderId, paymentId } = data;
    // Voided before it was authorised: the order has ended already.
    const reason = data.reason === 'voided' ? 'paymentDeclined' : data.reason;
    const reply = { origin: { source, time }, paymentId, reason };
    await this.orders.handle(orderId, { type: 'RecordPaymentDeclined', data: reply }, tx);
  }

  @OnMessage(Captured)
  async captured(
    { source, time, data }: MessageOf<typeof Captured>,
    tx: UnitOfWork,
  ): Promise<void> {
    const { orderId, ...reply } = data;
    const origin = { source, time };
    const command = { type: 'RecordPaymentCaptured', data: { origin, ...reply } } as const;
    await this.orders.handle(orderId, command, tx);
  }

  @OnMessage(Voided)
  async voided({ source, time, data }: MessageOf<typeof Voided>, tx: UnitOfWork): Promise<void> {
    const { orderId, paymentId } = data;
    const reply = { origin: { source, time }, paymentId };
    await this.orders.handle(orderId, { type: 'RecordPaymentVoided', data: reply }, tx);
  }
}
