import {
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
  PaymentVoided,
} from '@fieldguide/contracts/payments';
import type { UnitOfWork } from '@fieldguide/database';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { OpenCheckouts } from '../open-checkouts/open-checkouts.ts';

export const Authorised = heard(PaymentAuthorised, 'orderId', 'paymentId');
export const Declined = heard(PaymentDeclined, 'orderId', 'paymentId', 'reason');
export const Captured = heard(PaymentCaptured, 'orderId', 'paymentId', 'amount');
export const Voided = heard(PaymentVoided, 'orderId', 'paymentId');

@Controller()
export class OnPaymentReply {
  constructor(private readonly checkouts: OpenCheckouts) {}

  @On(Authorised)
  async authorised(
    { source, time, data }: Heard<typeof Authorised>,
    tx: UnitOfWork,
  ): Promise<void> {
    const { orderId, ...reply } = data;
    const origin = { source, time };
    const command = { type: 'RecordPaymentAuthorised', data: { origin, ...reply } } as const;
    await this.checkouts.handle(orderId, command, tx);
  }

  @On(Declined)
  async declined({ source, time, data }: Heard<typeof Declined>, tx: UnitOfWork): Promise<void> {
    const { orderId, paymentId } = data;
    // Voided before it was authorised: whoever asked for that has ended the order already.
    const reason = data.reason === 'voided' ? 'paymentDeclined' : data.reason;
    const reply = { origin: { source, time }, paymentId, reason };
    await this.checkouts.handle(orderId, { type: 'RecordPaymentDeclined', data: reply }, tx);
  }

  @On(Captured)
  async captured({ source, time, data }: Heard<typeof Captured>, tx: UnitOfWork): Promise<void> {
    const { orderId, ...reply } = data;
    const origin = { source, time };
    const command = { type: 'RecordPaymentCaptured', data: { origin, ...reply } } as const;
    await this.checkouts.handle(orderId, command, tx);
  }

  @On(Voided)
  async voided({ source, time, data }: Heard<typeof Voided>, tx: UnitOfWork): Promise<void> {
    const { orderId, paymentId } = data;
    const reply = { origin: { source, time }, paymentId };
    await this.checkouts.handle(orderId, { type: 'RecordPaymentVoided', data: reply }, tx);
  }
}
