import { Ids } from '@fieldguide/clock';
import { AuthorisePayment, CapturePayment } from '@fieldguide/contracts/payments';
import { type UnitOfWork, Wakeups } from '@fieldguide/database';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Payment } from '../payment/payment.entity.ts';

const Authorise = heard(AuthorisePayment, 'orderId', 'amount', 'paymentToken');
const Capture = heard(CapturePayment, 'orderId');

/** Only writes down what is to be done: an outside call inside a transaction would hold its locks for seconds. */
@Controller()
export class WhenPaymentIsRequested {
  constructor(
    private readonly ids: Ids,
    private readonly wakeups: Wakeups,
  ) {}

  @On(Authorise)
  async authorise({ data }: Heard<typeof Authorise>, uow: UnitOfWork): Promise<void> {
    const { orderId, amount, paymentToken } = data;
    if (await uow.load(Payment, orderId)) return;
    const payment = Object.assign(new Payment(), {
      orderId,
      paymentId: this.ids.next(),
      status: 'authorising',
      amountMinor: String(amount.amountMinor),
      currency: amount.currency,
      token: paymentToken,
      callDueAt: uow.now(),
      cause: uow.cause,
    });
    await uow.save(Payment, payment);
    uow.afterCommit(() => this.wakeups.hint('payments'));
  }

  @On(Capture)
  async capture({ data: { orderId } }: Heard<typeof Capture>, uow: UnitOfWork): Promise<void> {
    const payment = await uow.load(Payment, orderId);
    if (payment?.status !== 'authorised') {
      if (payment?.status === 'capturing' || payment?.status === 'captured') return;
      throw new Error(`Order ${orderId} has no authorised payment to capture`);
    }
    payment.status = 'capturing';
    payment.callDueAt = uow.now();
    if (uow.cause) payment.cause = uow.cause;
    await uow.save(Payment, payment);
    uow.afterCommit(() => this.wakeups.hint('payments'));
  }
}
