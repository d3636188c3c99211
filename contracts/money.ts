import { z } from 'zod';

/** 100,000,000.00 of a currency with two decimals. */
export const AMOUNT_MINOR_MAX = 100_000_000_00;

/** Integer minor units (cents) and an ISO 4217 currency; never a float. */
export const Money = z.object({
  amountMinor: z.int().min(0).max(AMOUNT_MINOR_MAX),
  currency: z.string().regex(/^[A-Z]{3}$/),
});
export type Money = z.infer<typeof Money>;

/** Money in a request. Requests are parsed strictly; responses and messages tolerantly, so that providers may add fields. */
export const MoneyRequest = Money.strict();

/** UUID of any version: v7 for most things, v8 for orders. */
export const Id = z.guid();

/** An id in a request, also in capitals (RFC 9562): ours are in small letters, and parts of stream names and keys. */
export const IdRequest = Id.toLowerCase();
