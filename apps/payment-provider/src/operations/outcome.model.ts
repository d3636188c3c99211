import type { Operation, OperationRequest } from '@fieldguide/contracts/payment-provider';

// Test tokens decide what happens, as with well-known providers' test cards.
const declining: Readonly<Record<string, Operation['outcome']>> = {
  tok_declined: 'declined',
  tok_insufficient_funds: 'insufficientFunds',
};

/** Decides the outcome of a request from the earlier operations of the payment. */
export function outcomeOf(
  { kind, token }: OperationRequest,
  earlier: readonly Operation[],
): Operation['outcome'] {
  const has = (wanted: Operation['kind']) =>
    earlier.some(({ kind, outcome }) => kind === wanted && outcome === 'approved');
  if (kind === 'void') return has('capture') ? 'declined' : 'approved';
  if (has('void')) return 'declined';
  if (kind === 'capture') return has('authorise') ? 'approved' : 'declined';
  return declining[token] ?? 'approved';
}
