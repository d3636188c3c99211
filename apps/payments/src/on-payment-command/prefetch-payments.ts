import type { UnitOfWork } from '@fieldguide/database';
import { type Envelope, Prefetch } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';
import { Payment } from '../payment/payment.entity.ts';
import { Authorise, Capture, Void } from './on-payment-command.ts';

/** Reads the payments of many commands with one statement. */
@Injectable()
export class PrefetchPayments extends Prefetch {
  override prefetch(messages: readonly Envelope[], uow: UnitOfWork): Promise<void> {
    return uow.prefetch(Payment, this.subjects(messages, Authorise, Capture, Void));
  }
}
