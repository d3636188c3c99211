import { Retention } from '@fieldguide/database';
import type { OrderingConfig } from '../ordering.config.ts';

/**
 * Deletes addresses of orders that have ended and have no pending compensation. A lagging projection only delays it.
 * Afterwards a repeated request is no longer compared with the address.
 */
export const addressRetention = (
  config: Pick<OrderingConfig, 'ADDRESS_RETENTION_DAYS'>,
): Retention =>
  new Retention(
    'delivery_addresses',
    `EXISTS (
      SELECT FROM order_summary s WHERE s.order_id = kept.order_id
      AND s.status IN ('completed', 'rejected', 'cancelled') AND s.updated_at < now() - $1::interval
    ) AND NOT EXISTS (SELECT FROM open_checkouts c WHERE c.order_id = kept.order_id)`,
    () => config.ADDRESS_RETENTION_DAYS,
  );
