import type { Operation } from '@fieldguide/contracts/payment-provider';
import {
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
} from '@fieldguide/contracts/payments';
import type { NewMessage } from '@fieldguide/database';
import type { Payment } from './payment.entity.ts';

/** What the provider is to be asked in each state that waits for it. */
export const operationOf = { authorising: 'authorise', capturing: 'capture' } as const;

const refusal = { declined: 'paymentDeclined', insufficientFunds: 'insufficientFunds' } as const;

/** Takes the provider's result into the payment, and says what others are to hear. Pure but for the row it is given. */
export function settle(payment: Payment, outcome: Operation['outcome']): NewMessage {
  const { orderId, paymentId, amount } = payment;
  payment.callDueAt = null;
  payment.attempts = 0;
  if (payment.status === 'capturing') {
    payment.status = 'captured';
    return said(PaymentCaptured, orderId, { orderId, paymentId, amount });
  }
  if (outcome === 'approved') {
    payment.status = 'authorised';
    return said(PaymentAuthorised, orderId, { orderId, paymentId, amount });
  }
  payment.status = 'declined';
  return said(PaymentDeclined, orderId, { orderId, paymentId, reason: refusal[outcome] });
}

function said(
  contract: { topic: string; type: string },
  subject: string,
  data: object,
): NewMessage {
  return { topic: contract.topic, type: contract.type, subject, data };
}
