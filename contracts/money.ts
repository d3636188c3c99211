import { z } from 'zod';

/** Integer minor units (cents) and an ISO 4217 currency; never a float. */
export const Money = z.strictObject({
  amountMinor: z.int().min(0).max(100_000_000_00),
  currency: z.string().regex(/^[A-Z]{3}$/),
});
export type Money = z.infer<typeof Money>;

/** UUID of any version: v7 for most things, v8 for orders. */
export const Id = z.guid();
