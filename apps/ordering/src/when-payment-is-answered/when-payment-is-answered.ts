import {
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
} from '@fieldguide/contracts/payments';
import type { UnitOfWork } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { order } from '../order/order.ts';

const Authorised = heard(PaymentAuthorised, 'orderId', 'paymentId');
const Declined = heard(PaymentDeclined, 'orderId', 'paymentId', 'reason');
const Captured = heard(PaymentCaptured, 'orderId', 'paymentId', 'amount');

@Controller()
export class WhenPaymentIsAnswered {
  constructor(private readonly events: EventStore) {}

  @On(Authorised)
  async authorised(
    { source, time, data }: Heard<typeof Authorised>,
    tx: UnitOfWork,
  ): Promise<void> {
    const fact = { origin: { source, time }, paymentId: data.paymentId };
    await this.events.handle(
      order,
      data.orderId,
      { type: 'NotePaymentAuthorised', data: fact },
      { tx },
    );
  }

  @On(Declined)
  async declined({ source, time, data }: Heard<typeof Declined>, tx: UnitOfWork): Promise<void> {
    const fact = { origin: { source, time }, paymentId: data.paymentId, reason: data.reason };
    await this.events.handle(
      order,
      data.orderId,
      { type: 'NotePaymentDeclined', data: fact },
      { tx },
    );
  }

  @On(Captured)
  async captured({ source, time, data }: Heard<typeof Captured>, tx: UnitOfWork): Promise<void> {
    const fact = { origin: { source, time }, paymentId: data.paymentId, amount: data.amount };
    await this.events.handle(
      order,
      data.orderId,
      { type: 'NotePaymentCaptured', data: fact },
      { tx },
    );
  }
}
