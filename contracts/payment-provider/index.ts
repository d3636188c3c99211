import { z } from 'zod';
import { Id, IdRequest, Money, MoneyRequest } from '../money.ts';
import { Text } from '../text.ts';

/** The outside provider's interface, as we know it: each operation has a key, and a repeat gives the same result. */
export const OperationRequest = z.strictObject({
  key: Text.min(1).max(200),
  kind: z.enum(['authorise', 'capture', 'void']),
  paymentId: IdRequest,
  amount: MoneyRequest,
  token: Text.max(100),
});
export type OperationRequest = z.infer<typeof OperationRequest>;

export const Operation = z.object({
  key: z.string(),
  kind: z.enum(['authorise', 'capture', 'void']),
  paymentId: Id,
  amount: Money,
  outcome: z.enum(['approved', 'declined', 'insufficientFunds']),
  at: z.iso.datetime(),
});
export type Operation = z.infer<typeof Operation>;

/** Oldest first. */
export const LedgerQuery = z.strictObject({
  paymentId: Id.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
});
export type LedgerQuery = z.infer<typeof LedgerQuery>;

export const Ledger = z.object({
  operations: z.array(Operation),
  /** What `cursor` is to be for the next page; null when this is the last one. */
  nextCursor: z.string().nullable(),
});
export type Ledger = z.infer<typeof Ledger>;
