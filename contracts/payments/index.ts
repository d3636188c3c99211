import { z } from 'zod';
import { command, message, topic } from '../message.ts';
import { Id, Money } from '../money.ts';

export const PaymentCommandTopic = topic('payments.requests.v1', 'commands', 6, { days: 7 }, [
  'ordering',
]);
export const PaymentTopic = topic('payments.payments.v1', 'events', 6, { days: 7 });

/** Please get the money promised. Answered by PaymentAuthorised or PaymentDeclined. Key: orderId. */
export const AuthorisePayment = command(
  PaymentCommandTopic,
  'AuthorisePayment',
  z.object({ orderId: Id, amount: Money, paymentToken: z.string() }),
);

/** Please collect the promised money; it can no longer be refused. Answered by PaymentCaptured. Key: orderId. */
export const CapturePayment = command(
  PaymentCommandTopic,
  'CapturePayment',
  z.object({ orderId: Id }),
);

/** Please let the money go, or decline the authorisation when it comes later. Answered by PaymentVoided. Key: orderId. */
export const VoidPayment = command(PaymentCommandTopic, 'VoidPayment', z.object({ orderId: Id }));

export const PaymentAuthorised = message(
  PaymentTopic,
  'PaymentAuthorised',
  z.object({ orderId: Id, paymentId: Id, amount: Money }),
);

export const PaymentDeclined = message(
  PaymentTopic,
  'PaymentDeclined',
  z.object({
    orderId: Id,
    paymentId: Id,
    reason: z.enum(['paymentDeclined', 'insufficientFunds', 'voided']),
  }),
);

export const PaymentCaptured = message(
  PaymentTopic,
  'PaymentCaptured',
  z.object({ orderId: Id, paymentId: Id, amount: Money }),
);

/** Nothing is held or collected for this order, and nothing will be. */
export const PaymentVoided = message(
  PaymentTopic,
  'PaymentVoided',
  z.object({ orderId: Id, paymentId: Id }),
);
