import type { Operation } from '@fieldguide/contracts/payment-provider';
import type { Payment } from './payment.entity.ts';
import type { PaymentEvent } from './payment.events.ts';

/** The provider's operation for each state that waits for it. */
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
 * Returns the idempotency key of the operation that is due: the same on every try. A void that is repeated because the
 * provider authorised after it is another operation.
 */
export function keyOf({ paymentId, status, voids }: Payment): string {
  const key = `${paymentId}:${operationOf[status as Waiting]}`;
  return status === 'voiding' && voids > 1 ? `${key}:${voids}` : key;
}

/** True when the payment is voided, or is to be. */
export const isVoidRequested = ({ status }: Payment) => status === 'voiding' || status === 'voided';

/** Requests a void, also of an authorisation that is still in progress. */
export function requestVoid(payment: Payment, now: Date): void {
  payment.status = 'voiding';
  payment.voids += 1;
  payment.callDueAt = now;
  payment.attempts = 0;
}

/**
 * Applies the provider's result to the payment. Changes nothing but the row.
 * @returns the event to publish; undefined when the call must be retried
 */
export function applyResult(
  payment: Payment,
  outcome: Operation['outcome'],
): PaymentEvent | undefined {
  const { orderId, paymentId, amount, status } = payment;
  // A declined capture or void contradicts our state: retry it, never drop it.
  if (status !== 'authorising' && outcome !== 'approved') return undefined;
  payment.callDueAt = null;
  payment.attempts = 0;
  if (status === 'capturing') {
    payment.status = 'captured';
    return { type: 'PaymentCaptured', data: { orderId, paymentId, amount } };
  }
  if (status === 'voiding') {
    payment.status = 'voided';
    return { type: 'PaymentVoided', data: { orderId, paymentId } };
  }
  if (outcome === 'approved') {
    payment.status = 'authorised';
    return { type: 'PaymentAuthorised', data: { orderId, paymentId, amount } };
  }
  payment.status = 'declined';
  const reason = declineReasons[outcome];
  return { type: 'PaymentDeclined', data: { orderId, paymentId, reason } };
}
