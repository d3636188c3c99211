import { z } from 'zod';
import { command, message, topic } from '../message.ts';
import { Id } from '../money.ts';

export { IdempotencyKey } from '../idempotency-key.ts';

export const StockCommandTopic = topic('inventory.requests.v1', 'commands', 6, { days: 7 }, [
  'ordering',
]);
export const ReservationTopic = topic('inventory.reservations.v1', 'events', 6, { days: 7 });

export const Stock = z.object({ productId: Id, onHandUnits: z.int(), freeUnits: z.int() });
export type Stock = z.infer<typeof Stock>;

export const ReplenishmentRequest = z.strictObject({ units: z.int().min(1).max(100_000) });
export const Replenishment = z.object({ id: Id, productId: Id, units: z.int() });

const Line = z.object({ productId: Id, quantity: z.int().positive() });

/** Please set this aside for the order. Answered by StockReserved or StockRefused. Key: orderId. */
export const ReserveStock = command(
  StockCommandTopic,
  'ReserveStock',
  z.object({ orderId: Id, lines: z.array(Line).min(1) }),
);

/** Command: release the reserved stock, or refuse a reservation that arrives later. Key: orderId. */
export const ReleaseStock = command(StockCommandTopic, 'ReleaseStock', z.object({ orderId: Id }));

export const StockReserved = message(ReservationTopic, 'StockReserved', z.object({ orderId: Id }));

export const StockRefused = message(
  ReservationTopic,
  'StockRefused',
  z.object({ orderId: Id, reason: z.enum(['outOfStock', 'released']), productIds: z.array(Id) }),
);

export const StockReleased = message(ReservationTopic, 'StockReleased', z.object({ orderId: Id }));
