import { PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import { z } from 'zod';
import { ApiError } from '../api/api-error.ts';
import type { Order } from '../api/reads.ts';

/** An order that was sent, and whose answer has not come. It survives a reload: the same key makes a repeat safe. */
export const PendingOrder = z.object({
  key: z.string(),
  customerId: z.string(),
  request: PlaceOrderRequest,
  /** The shop was too busy to accept it, and when to send it again. */
  busy: z.object({ retryAfterSeconds: z.int(), retryAtMs: z.number(), times: z.int() }).optional(),
});
export type PendingOrder = z.infer<typeof PendingOrder>;

const OVERLOADED = '/problems/ordering.checkoutOverloaded';
const BUSY_SECONDS = 10;

/** The order after another rejection. */
export const refusedAt = (
  order: PendingOrder,
  retryAfterSeconds: number,
  nowMs: number,
): PendingOrder => ({
  ...order,
  busy: {
    retryAfterSeconds,
    retryAtMs: nowMs + retryAfterSeconds * 1_000,
    times: (order.busy?.times ?? 0) + 1,
  },
});

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
  /** Not placed: the shop is too busy. The same order is sent again later. */
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }
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
    const { status, type } = error.problem;
    if (type === OVERLOADED)
      return { outcome: 'busy', retryAfterSeconds: error.retryAfterSeconds ?? BUSY_SECONDS };
    if (status === 401) return { outcome: 'signedOut' };
    const isRejection = status < 500 && status !== 408 && status !== 429;
    return isRejection ? { outcome: 'refused', error } : { outcome: 'unknown' };
  }
}
