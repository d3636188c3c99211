import { z } from 'zod';
import { Id, Money, MoneyRequest } from '../money.ts';

/** The outside provider's interface, as we know it: each operation has a key, and a repeat gives the same result. */
export const OperationRequest = z.strictObject({
  key: z.string().min(1).max(200),
  kind: z.enum(['authorise', 'capture', 'void']),
  paymentId: Id,
  amount: MoneyRequest,
  token: z.string().max(100),
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

export const Ledger = z.object({ operations: z.array(Operation) });
