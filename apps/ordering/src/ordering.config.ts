import { Config, live } from '@fieldguide/config';
import { databaseSettings, messagingSettings, serviceSettings } from '@fieldguide/service';
import { z } from 'zod';
import { type Deadline, deadlines } from './checkout/checkout.model.ts';

const milliseconds = z.coerce.number().int().min(0);
const deadline = (name: Deadline) => live(milliseconds.min(100).default(deadlines[name]));

export class OrderingConfig extends Config(
  z.object({
    ...serviceSettings,
    ...databaseSettings,
    ...messagingSettings,
    /** How old the known prices may be when the catalog cannot be asked. */
    PRICE_AGE_MS_MAX: live(milliseconds.default(3_600_000)),
    /** How long each step of the checkout may take; a change holds for steps that begin after it. */
    STOCK_DEADLINE_MS: deadline('STOCK_DEADLINE_MS'),
    PAYMENT_DEADLINE_MS: deadline('PAYMENT_DEADLINE_MS'),
    SHIPMENT_DEADLINE_MS: deadline('SHIPMENT_DEADLINE_MS'),
    CAPTURE_DEADLINE_MS: deadline('CAPTURE_DEADLINE_MS'),
    UNDO_DEADLINE_MS: deadline('UNDO_DEADLINE_MS'),
    /** How many days the address of an order that has ended is kept. */
    ADDRESS_RETENTION_DAYS: live(z.coerce.number().int().min(1).max(3_650).default(30)),
    /** Holds the order view back on purpose: for lessons and tests of what a stale view does. */
    VIEW_DELAY_MS: live(milliseconds.max(60_000).default(0)),
    /** How long a read with a Consistency-Token waits for the view. */
    CONSISTENT_READ_MS: live(milliseconds.max(10_000).default(2_000)),
  }),
) {}
