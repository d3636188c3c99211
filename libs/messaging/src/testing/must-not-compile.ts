// What must not compile: `npm run check` fails when one of these lines does, and must-not-compile.spec.ts proves each.
import type { UnitOfWork } from '@fieldguide/database';
import { z } from 'zod';
import { consumes, publish } from '../index.ts';

const StockRefused = {
  topic: 'inventory.reservations.v1',
  senders: ['inventory'],
  type: 'StockRefused',
  data: z.object({ orderId: z.string(), reason: z.enum(['outOfStock', 'released']) }),
};

export function checks(uow: UnitOfWork, orderId: string): void {
  // @ts-expect-error a value that the contract does not have
  publish(uow, StockRefused, orderId, { orderId, reason: 'soldOut' });
  // @ts-expect-error a missing field
  publish(uow, StockRefused, orderId, { orderId });
  // @ts-expect-error a consumer reads a field that the provider does not publish
  consumes(StockRefused, 'orderId', 'warehouse');
}
