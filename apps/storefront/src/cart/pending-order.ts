import { PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import { z } from 'zod';
import { ApiError } from '../api/api-error.ts';
import type { Order } from '../api/reads.ts';

/** An order that was sent, and whose answer has not come. It survives a reload: the same key makes a repeat safe. */
export const PendingOrder = z.object({
  key: z.string(),
  customerId: z.string(),
  request: PlaceOrderRequest,
});
export type PendingOrder = z.infer<typeof PendingOrder>;

/** Keeps the key while the same customer sends the same order; another order needs another key. */
export function nextPending(
  pending: PendingOrder | null,
  customerId: string,
  request: PlaceOrderRequest,
  newKey: () => string,
): PendingOrder {
  const isSame =
    pending?.customerId === customerId &&
    JSON.stringify(pending.request) === JSON.stringify(request);
  return isSame ? pending : { key: newKey(), customerId, request };
}

export type Sent =
  | { readonly outcome: 'placed'; readonly order: Order }
  /** The order was not placed, and why. */
  | { readonly outcome: 'refused'; readonly error: ApiError }
  /** Not executed: the session has ended. The order is sent after signing in. */
  | { readonly outcome: 'signedOut' }
  /** Placed or not: only a repeat with the same key shows it. */
  | { readonly outcome: 'unknown' };

/** Sends the order once. @returns what is known then */
export async function sendOrder(
  { key, request }: PendingOrder,
  place: (request: PlaceOrderRequest, key: string) => Promise<Order>,
): Promise<Sent> {
  try {
    return { outcome: 'placed', order: await place(request, key) };
  } catch (error) {
    if (!(error instanceof ApiError)) return { outcome: 'unknown' };
    const { status } = error.problem;
    if (status === 401) return { outcome: 'signedOut' };
    const isRejection = status < 500 && status !== 408 && status !== 429;
    return isRejection ? { outcome: 'refused', error } : { outcome: 'unknown' };
  }
}
