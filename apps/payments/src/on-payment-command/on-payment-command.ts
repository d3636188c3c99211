import { Ids } from '@fieldguide/clock';
import { AuthorisePayment, CapturePayment, VoidPayment } from '@fieldguide/contracts/payments';
import { type UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage, publishMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Payment } from '../payment/payment.entity.ts';
import { messageOf } from '../payment/payment.events.ts';
import { requestVoid } from '../payment/payment.model.ts';

export const Authorise = consumes(AuthorisePayment, 'orderId', 'amount', 'paymentToken');
export const Capture = consumes(CapturePayment, 'orderId');
export const Void = consumes(VoidPayment, 'orderId');

/** Stores what is due: a call to the provider inside the transaction would hold its locks for seconds. */
@Controller()
export class OnPaymentCommand {
  constructor(private readonly ids: Ids) {}

  @OnMessage(Authorise)
  async authorise({ data }: MessageOf<typeof Authorise>, uow: UnitOfWork): Promise<void> {
    const { orderId, amount, paymentToken: token } = data;
    const earlier = await uow.load(Payment, orderId);
    if (earlier?.isTombstone) {
      const { paymentId } = earlier;
      const data = { orderId, paymentId, reason: 'voided' } as const;
      publishMessage(uow, messageOf({ type: 'PaymentDeclined', data }));
    }
    if (earlier && !earlier.isTombstone && !isSame(earlier.amount, amount))
      throw new Error(`Order ${orderId} has a payment of another amount`);
    if (earlier) return;
    const payment = Object.assign(new Payment(), {
      orderId,
      paymentId: this.ids.next(),
      status: 'authorising',
      amountMinor: String(amount.amountMinor),
      currency: amount.currency,
      token,
    });
    await this.#due(payment, uow);
  }

  @OnMessage(Capture)
  async capture({ data: { orderId } }: MessageOf<typeof Capture>, uow: UnitOfWork): Promise<void> {
    const payment = await uow.load(Payment, orderId);
    if (payment?.status === 'capturing') return;
    if (payment?.status === 'captured') {
      const { paymentId, amount } = payment;
      const data = { orderId, paymentId, amount };
      return publishMessage(uow, messageOf({ type: 'PaymentCaptured', data }));
    }
    if (payment?.status !== 'authorised')
      throw new Error(`Order ${orderId} has no authorised payment to capture`);
    payment.status = 'capturing';
    await this.#due(payment, uow);
  }

  /** A void that arrives first leaves a tombstone: a later authorisation is declined. */
  @OnMessage(Void)
  async void({ data: { orderId } }: MessageOf<typeof Void>, uow: UnitOfWork): Promise<void> {
    const payment = (await uow.load(Payment, orderId)) ?? tombstone(orderId, this.ids.next(), uow);
    if (payment.status === 'capturing' || payment.status === 'captured')
      throw new Error(`The payment of order ${orderId} is being captured: it cannot be voided`);
    if (payment.status === 'voiding') return;
    if (payment.status === 'authorising' || payment.status === 'authorised') {
      requestVoid(payment, await uow.databaseTime());
      return this.#due(payment, uow);
    }
    if (payment.version === 0) await uow.save(Payment, payment);
    const { paymentId } = payment;
    publishMessage(uow, messageOf({ type: 'PaymentVoided', data: { orderId, paymentId } }));
  }

  async #due(payment: Payment, uow: UnitOfWork): Promise<void> {
    payment.callDueAt = await uow.databaseTime();
    if (uow.causation) payment.cause = uow.causation;
    await uow.save(Payment, payment);
    uow.notify('payments');
  }
}

const isSame = (a: Payment['amount'], b: Payment['amount']) =>
  a.amountMinor === b.amountMinor && a.currency === b.currency;

/** For an order without an authorisation; XXX is ISO 4217 for no currency. */
function tombstone(orderId: string, paymentId: string, { causation }: UnitOfWork): Payment {
  const nothing = { amountMinor: '0', currency: 'XXX', token: '' };
  return Object.assign(new Payment(), {
    orderId,
    paymentId,
    status: 'voided',
    ...nothing,
    cause: causation,
  });
}
