import type { Retention } from '@fieldguide/database';
import type { OrderingConfig } from '../ordering.config.ts';

/**
 * Of orders that have ended and have nothing left to undo. The view may lag behind, so it is only ever late. A repeat of
 * the order's request is no longer compared with the address.
 */
export const addressRetention = (
  config: Pick<OrderingConfig, 'ADDRESS_RETENTION_DAYS'>,
): Retention => ({
  table: 'delivery_addresses',
  where: `EXISTS (
      SELECT FROM order_summary s WHERE s.order_id = kept.order_id
      AND s.status IN ('completed', 'rejected', 'cancelled') AND s.updated_at < now() - $1::interval
    ) AND NOT EXISTS (SELECT FROM open_checkouts c WHERE c.order_id = kept.order_id)`,
  days: () => config.ADDRESS_RETENTION_DAYS,
});
