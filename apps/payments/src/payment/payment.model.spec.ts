import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { Payment, type PaymentStatus } from './payment.entity.ts';
import { messageOf } from './payment.events.ts';
import { applyResult, keyOf } from './payment.model.ts';

const orderId = '01900000-0000-8000-8000-000000000001';
const payment = (status: PaymentStatus) =>
  Object.assign(new Payment(), {
    orderId,
    paymentId: '01900000-0000-7000-8000-00000000000a',
    status,
    amountMinor: '1990',
    currency: 'EUR',
    token: 'tok_ok',
    callDueAt: new Date(),
  });

describe('a payment', () => {
  it.each([
    ['authorising', 'approved', 'authorised', 'PaymentAuthorised'],
    ['authorising', 'declined', 'declined', 'PaymentDeclined'],
    ['authorising', 'insufficientFunds', 'declined', 'PaymentDeclined'],
    ['capturing', 'approved', 'captured', 'PaymentCaptured'],
    ['voiding', 'approved', 'voided', 'PaymentVoided'],
  ] as const)('%s and %s becomes %s', (status, outcome, next, type) => {
    const row = payment(status);
    expect(messageOf(applyResult(row, outcome)!)).toMatchObject({ type, subject: orderId });
    expect(row).toMatchObject({ status: next, callDueAt: null });
  });
  it('reports why it was declined', () =>
    expect(applyResult(payment('authorising'), 'insufficientFunds')?.data).toMatchObject({
      reason: 'insufficientFunds',
    }));
  it.each(['capturing', 'voiding'] as const)('stays %s when the provider declines', (status) => {
    const row = payment(status);
    expect(applyResult(row, 'declined')).toBeUndefined();
    expect(row.status).toBe(status);
  });
  it('has one key for each operation, and another for a repeated void', () => {
    const row = payment('voiding');
    const keys = [1, 2].map((voids) => keyOf(Object.assign(row, { voids })));
    expect(keys).toEqual([`${row.paymentId}:void`, `${row.paymentId}:void:2`]);
  });
});
