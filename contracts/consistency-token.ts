import { z } from 'zod';

/** What a write answers, and what a read sends back to be no older: the order's stream and the version it has. */
export const ConsistencyToken = z
  .string()
  .regex(/^order-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}@\d{1,9}$/);
