import { z } from 'zod';
import { command, message } from '../message.ts';
import { Id } from '../money.ts';

export { IdempotencyKey } from '../idempotency-key.ts';

export const Stock = z.object({ productId: Id, onHandUnits: z.int(), freeUnits: z.int() });
export type Stock = z.infer<typeof Stock>;

export const ReplenishmentRequest = z.strictObject({ units: z.int().min(1).max(100_000) });
export const Replenishment = z.object({ id: Id, productId: Id, units: z.int() });

const Line = z.object({ productId: Id, quantity: z.int().positive() });

/** Please set this aside for the order. Answered by StockReserved or StockRefused. Key: orderId. */
export const ReserveStock = command(
  'inventory.requests.v1',
  'ReserveStock',
  z.object({ orderId: Id, lines: z.array(Line).min(1) }),
);

/** Please give back what was set aside, or refuse the reservation when it comes later. Key: orderId. */
export const ReleaseStock = command(
  'inventory.requests.v1',
  'ReleaseStock',
  z.object({ orderId: Id }),
);

export const StockReserved = message(
  'inventory.reservations.v1',
  'StockReserved',
  z.object({ orderId: Id }),
);

export const StockRefused = message(
  'inventory.reservations.v1',
  'StockRefused',
  z.object({ orderId: Id, reason: z.enum(['outOfStock', 'released']), productIds: z.array(Id) }),
);

export const StockReleased = message(
  'inventory.reservations.v1',
  'StockReleased',
  z.object({ orderId: Id }),
);
