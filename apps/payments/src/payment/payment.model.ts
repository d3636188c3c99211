import type { Operation } from '@fieldguide/contracts/payment-provider';
import {
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
  PaymentVoided,
} from '@fieldguide/contracts/payments';
import type { NewMessage } from '@fieldguide/database';
import type { Payment } from './payment.entity.ts';

/** What the provider is to be asked in each state that waits for it. */
export const operationOf = {
  authorising: 'authorise',
  capturing: 'capture',
  voiding: 'void',
} as const;
type Waiting = keyof typeof operationOf;

const declineReasons = {
  declined: 'paymentDeclined',
  insufficientFunds: 'insufficientFunds',
} as const;

/**
 * The provider's key of the operation that is due: the same on every try, so that a repeat does nothing. A void that
 * has to be messageOf again, because the provider authorised after it, is another operation.
 */
export function keyOf({ paymentId, status, voids }: Payment): string {
  const key = `${paymentId}:${operationOf[status as Waiting]}`;
  return status === 'voiding' && voids > 1 ? `${key}:${voids}` : key;
}

/** The order has ended: whatever was promised for it goes back. */
export const isVoidRequested = ({ status }: Payment) => status === 'voiding' || status === 'voided';

/** Lets the money go, now or as soon as it comes. */
export function requestVoid(payment: Payment, now: Date): void {
  payment.status = 'voiding';
  payment.voids += 1;
  payment.callDueAt = now;
  payment.attempts = 0;
}

/**
 * Takes the provider's result into the payment, and says what others are to hear; nothing when the provider
 * cannot do yet what has to be done. Pure but for the row it is given.
 */
export function applyResult(
  payment: Payment,
  outcome: Operation['outcome'],
): NewMessage | undefined {
  const { orderId, paymentId, amount, status } = payment;
  // A capture or a void that was refused: the provider is wrong about it, or we are. It is asked again, and never dropped.
  if (status !== 'authorising' && outcome !== 'approved') return undefined;
  payment.callDueAt = null;
  payment.attempts = 0;
  if (status === 'capturing') {
    payment.status = 'captured';
    return messageOf(PaymentCaptured, orderId, { orderId, paymentId, amount });
  }
  if (status === 'voiding') {
    payment.status = 'voided';
    return messageOf(PaymentVoided, orderId, { orderId, paymentId });
  }
  if (outcome === 'approved') {
    payment.status = 'authorised';
    return messageOf(PaymentAuthorised, orderId, { orderId, paymentId, amount });
  }
  payment.status = 'declined';
  return messageOf(PaymentDeclined, orderId, {
    orderId,
    paymentId,
    reason: declineReasons[outcome],
  });
}

export function messageOf(
  contract: { topic: string; type: string },
  subject: string,
  data: object,
): NewMessage {
  return { topic: contract.topic, type: contract.type, subject, data };
}
