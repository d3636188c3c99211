import type { Operation, OperationRequest } from '@fieldguide/contracts/payment-provider';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from './outcome.model.ts';

const paymentId = '01900000-0000-7000-8000-0000000000aa';
const amount = { amountMinor: 990, currency: 'EUR' };
const at = '2030-01-01T12:00:00.000Z';
const request = (kind: Operation['kind'], token = 'tok_ok'): OperationRequest => ({
  key: `${paymentId}:${kind}`,
  kind,
  paymentId,
  amount,
  token,
});
const done = (...kinds: Operation['kind'][]): Operation[] =>
  kinds.map((kind) => {
    const { token: _, ...operation } = request(kind);
    return { ...operation, outcome: 'approved', at };
  });

describe('the provider', () => {
  it.each([
    ['tok_ok', 'approved'],
    ['tok_declined', 'declined'],
    ['tok_insufficient_funds', 'insufficientFunds'],
  ])('answers %s with %s', (token, outcome) =>
    expect(outcomeOf(request('authorise', token), [])).toBe(outcome),
  );
  it('declines a payment that was voided before', () =>
    expect(outcomeOf(request('authorise'), done('void'))).toBe('declined'));
  it('captures authorised payments only', () => {
    expect(outcomeOf(request('capture'), done('authorise'))).toBe('approved');
    expect(outcomeOf(request('capture'), [])).toBe('declined');
    expect(outcomeOf(request('capture'), done('authorise', 'void'))).toBe('declined');
  });
  it('voids what was not captured, also an unknown payment', () => {
    expect(outcomeOf(request('void'), [])).toBe('approved');
    expect(outcomeOf(request('void'), done('authorise'))).toBe('approved');
    expect(outcomeOf(request('void'), done('authorise', 'capture'))).toBe('declined');
  });
});
