import { Config, live } from '@fieldguide/config';
import { z } from 'zod';
import { type Deadline, deadlines } from './checkout/checkout.model.ts';

const milliseconds = z.coerce.number().int().min(0);
const deadline = (name: Deadline) => live(milliseconds.min(100).default(deadlines[name]));

export class OrderingConfig extends Config(
  z.object({
    /** How old the known prices may be while catalog is unreachable. */
    PRICE_AGE_MS_MAX: live(milliseconds.default(3_600_000)),
    // A changed deadline applies to steps that begin afterwards.
    /** How long inventory may take to reserve the stock of an order. */
    STOCK_DEADLINE_MS: deadline('STOCK_DEADLINE_MS'),
    /** How long payments may take to authorise a payment. */
    PAYMENT_DEADLINE_MS: deadline('PAYMENT_DEADLINE_MS'),
    /** How long shipping may take to dispatch or cancel; then the order is listed as overdue. */
    SHIPMENT_DEADLINE_MS: deadline('SHIPMENT_DEADLINE_MS'),
    /** How long payments may take to capture a payment; then the order is listed as overdue. */
    CAPTURE_DEADLINE_MS: deadline('CAPTURE_DEADLINE_MS'),
    /** How long a compensation may take; then the order is listed as overdue. */
    UNDO_DEADLINE_MS: deadline('UNDO_DEADLINE_MS'),
    /** New orders are refused while the expected wait for inventory and payments exceeds this share of the shortest deadline that ends an order. */
    CHECKOUT_WAIT_SHARE_MAX: live(z.coerce.number().min(0.05).max(1).default(0.5)),
    /** This many orders may wait for inventory and payments, whatever the expected wait is. */
    CHECKOUTS_WAITING_MIN: live(z.coerce.number().int().min(1).default(100)),
    /** Days that the address of an ended order is kept. */
    ADDRESS_RETENTION_DAYS: live(z.coerce.number().int().min(1).max(3_650).default(30)),
    /** How long a read with a Consistency-Token waits for the projection. */
    CONSISTENT_READ_MS: live(milliseconds.max(10_000).default(2_000)),
  }),
) {}
