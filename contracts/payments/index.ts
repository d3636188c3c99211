import { z } from 'zod';
import { command, message } from '../message.ts';
import { Id, Money } from '../money.ts';

/** Please get the money promised. Answered by PaymentAuthorised or PaymentDeclined. Key: orderId. */
export const AuthorisePayment = command(
  'payments.requests.v1',
  'AuthorisePayment',
  z.object({ orderId: Id, amount: Money, paymentToken: z.string() }),
);

/** Please collect the promised money; it can no longer be refused. Answered by PaymentCaptured. Key: orderId. */
export const CapturePayment = command(
  'payments.requests.v1',
  'CapturePayment',
  z.object({ orderId: Id }),
);

/** Please let the money go, or decline the authorisation when it comes later. Answered by PaymentVoided. Key: orderId. */
export const VoidPayment = command(
  'payments.requests.v1',
  'VoidPayment',
  z.object({ orderId: Id }),
);

export const PaymentAuthorised = message(
  'payments.payments.v1',
  'PaymentAuthorised',
  z.object({ orderId: Id, paymentId: Id, amount: Money }),
);

export const PaymentDeclined = message(
  'payments.payments.v1',
  'PaymentDeclined',
  z.object({
    orderId: Id,
    paymentId: Id,
    reason: z.enum(['paymentDeclined', 'insufficientFunds', 'voided']),
  }),
);

export const PaymentCaptured = message(
  'payments.payments.v1',
  'PaymentCaptured',
  z.object({ orderId: Id, paymentId: Id, amount: Money }),
);

/** Nothing is held or collected for this order, and nothing will be. */
export const PaymentVoided = message(
  'payments.payments.v1',
  'PaymentVoided',
  z.object({ orderId: Id, paymentId: Id }),
);
