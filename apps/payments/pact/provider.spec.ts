import {
  deliver,
  describeProviderPacts,
  type ProviderState,
} from '@fieldguide/contract-testing/provider';
import { AuthorisePayment, CapturePayment, VoidPayment } from '@fieldguide/contracts/payments';
import { authorisePayment } from '@fieldguide/contracts/payments/examples';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import type { MessageContract } from '@fieldguide/messaging';
import { Notifier } from '@fieldguide/workers';
import { Provider, type Result } from '../src/call-provider/provider.ts';
import { ProviderWorker } from '../src/call-provider/provider-worker.ts';
import { OnPaymentCommand } from '../src/on-payment-command/on-payment-command.ts';
import { Payment, type PaymentStatus } from '../src/payment/payment.entity.ts';
import { PaymentsModule } from '../src/payments.module.ts';

/** A provider with a fixed outcome. */
class FixedOutcome extends Provider {
  constructor(private readonly outcome: Result['outcome']) {
    super();
  }

  override async operate(): Promise<Result> {
    return { outcome: this.outcome };
  }

  override async find(): Promise<undefined> {}
}

describeProviderPacts('payments', PaymentsModule, {
  env: { PAYMENT_PROVIDER_URL: 'http://127.0.0.1:9', PROVIDER_API_KEY: 'the-key-of-payments' },
  states: (app) => {
    const { manager } = app.get(Database).source;
    const units = app.get(UnitOfWorkRunner);
    const send = async (contract: MessageContract, orderId: string) =>
      deliver(app, [OnPaymentCommand], contract, orderId, {
        ...authorisePayment.value,
        orderId,
      });
    const call = (outcome: Result['outcome'] = 'approved') =>
      new ProviderWorker(units, new FixedOutcome(outcome), app.get(Notifier)).once();
    /** These commands, one after the other, lead to a payment with this status. */
    const leadsTo = (
      status: PaymentStatus,
      requests: readonly Parameters<typeof send>[0][],
      outcome?: Result['outcome'],
    ): ProviderState => ({
      set: async ({ orderId = '' }) => {
        for (const request of requests) {
          await send(request, orderId);
          await call(outcome);
        }
      },
      holds: ({ orderId = '' }) => manager.existsBy(Payment, { orderId, status }),
    });
    return {
      'a payment was authorised': leadsTo('authorised', [AuthorisePayment]),
      'a payment was declined': leadsTo('declined', [AuthorisePayment], 'declined'),
      'a payment had insufficient funds': leadsTo(
        'declined',
        [AuthorisePayment],
        'insufficientFunds',
      ),
      'a payment was requested after it was voided': leadsTo('voided', [
        VoidPayment,
        AuthorisePayment,
      ]),
      'a payment was captured': leadsTo('captured', [AuthorisePayment, CapturePayment]),
      'a payment was voided': leadsTo('voided', [AuthorisePayment, VoidPayment]),
    };
  },
});
