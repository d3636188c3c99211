import { z } from 'zod';
import { message, topic } from '../message.ts';
import { Id, IdRequest, Money } from '../money.ts';
import { Text } from '../text.ts';

export { IdempotencyKey } from '../idempotency-key.ts';

export const OrderTopic = topic('ordering.orders.v1', 'events', 6, { days: 7 });

export const OrderStatus = z.enum([
  'placed',
  'awaitingPayment',
  'confirmed',
  'dispatched',
  'completed',
  'rejected',
  'cancelling',
  'cancelled',
]);
export type OrderStatus = z.infer<typeof OrderStatus>;

/** `stockTimeout`, `paymentTimeout`: no reply within the deadline. `abandoned`: ended by an operator. */
export const RejectionReason = z.enum([
  'outOfStock',
  'stockTimeout',
  'paymentDeclined',
  'insufficientFunds',
  'paymentTimeout',
  'abandoned',
]);
export type RejectionReason = z.infer<typeof RejectionReason>;

export const PlaceOrderRequest = z.strictObject({
  lines: z
    .array(z.strictObject({ productId: IdRequest, quantity: z.int().min(1).max(99) }))
    .min(1)
    .max(50)
    .refine(
      (lines) => new Set(lines.map(({ productId }) => productId)).size === lines.length,
      'one line for each product',
    ),
  payment: z.strictObject({ token: z.string().regex(/^tok_[a-z_]{1,40}$/) }),
  shipTo: z.strictObject({
    name: Text.trim().min(1).max(100),
    street: Text.trim().min(1).max(200),
    city: Text.trim().min(1).max(100),
    postalCode: Text.trim().min(1).max(20),
    country: z.string().regex(/^[A-Z]{2}$/),
  }),
});
export type PlaceOrderRequest = z.infer<typeof PlaceOrderRequest>;

export const OrderLine = z.object({
  productId: Id,
  name: z.string(),
  quantity: z.int().positive(),
  unitPrice: Money,
  lineTotal: Money,
});
export type OrderLine = z.infer<typeof OrderLine>;

export const Order = z.object({
  id: Id,
  customerId: Id,
  status: OrderStatus,
  statusReason: RejectionReason.optional(),
  lines: z.array(OrderLine),
  total: Money,
  payment: z.object({
    status: z.enum(['none', 'authorised', 'captured', 'declined', 'voided']),
  }),
  shipment: z
    .object({ id: Id, trackingNumber: z.string(), dispatchedAt: z.iso.datetime() })
    .nullable(),
  placedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Order = z.infer<typeof Order>;

export const OrderPage = z.object({
  items: z.array(Order),
  nextCursor: z.string().nullable(),
});

/** `cancelled`: the order is cancelled. `cancelling`: shipping decides; the order's status shows the outcome. */
export const Cancellation = z.object({ status: z.enum(['cancelling', 'cancelled']) });
export type Cancellation = z.infer<typeof Cancellation>;

export const OrderQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: Text.min(1).max(200).optional(),
});

const DAYS_MAX = 92;

/** Days in UTC, both included. */
export const SalesQuery = z
  .strictObject({ from: z.iso.date(), to: z.iso.date(), productId: IdRequest.optional() })
  .refine(({ from, to }) => {
    const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
    return days >= 1 && days <= DAYS_MAX;
  }, `from 1 to ${DAYS_MAX} days`);

export const SalesItem = z.object({
  day: z.iso.date(),
  productId: Id,
  name: z.string(),
  orders: z.int().min(0),
  units: z.int().min(0),
  /** Greater than a Money can be: a sum of orders. */
  revenue: z.object({ amountMinor: z.int().min(0), currency: Money.shape.currency }),
  /** Units of cancelled orders. Not part of `units`: they were never paid. */
  cancelledUnits: z.int().min(0),
});
export type SalesItem = z.infer<typeof SalesItem>;

/** One item for each day, product and currency, sorted by day. */
export const SalesReport = z.object({ items: z.array(SalesItem) });
export type SalesReport = z.infer<typeof SalesReport>;

export const Timeline = z.object({
  items: z.array(
    z.object({
      source: z.string(),
      type: z.string(),
      time: z.iso.datetime(),
      summary: z.string(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type Timeline = z.infer<typeof Timeline>;

export const ShipTo = PlaceOrderRequest.shape.shipTo;
export type ShipTo = z.infer<typeof ShipTo>;

/** Maximum number of orders in one request for addresses. */
export const DELIVERY_ADDRESSES_MAX = 20;

/** The ids of 1 to 20 orders, separated by commas. */
export const DeliveryAddressQuery = z.strictObject({
  orderIds: z
    .string()
    .transform((ids) => ids.split(','))
    .pipe(z.array(IdRequest).max(DELIVERY_ADDRESSES_MAX)),
});

/** Where to send an order, null when it was erased. */
export const DeliveryAddress = z.object({
  orderId: Id,
  shipTo: z
    .object({
      name: z.string(),
      street: z.string(),
      city: z.string(),
      postalCode: z.string(),
      country: ShipTo.shape.country,
    })
    .nullable(),
});

/**
 * No item for an order that does not exist, or whose address is missing and was not erased. Only for shipping, with its
 * service token, not through the gateway.
 */
export const DeliveryAddressList = z.object({ items: z.array(DeliveryAddress) });

const Line = z.object({ productId: Id, quantity: z.int().positive() });

/** Events of orders. Key: orderId. */
export const OrderPlaced = message(
  OrderTopic,
  'OrderPlaced',
  z.object({ orderId: Id, customerId: Id, lines: z.array(Line), total: Money }),
);
export const OrderConfirmed = message(
  OrderTopic,
  'OrderConfirmed',
  z.object({ orderId: Id, customerId: Id, lines: z.array(Line) }),
);
export const OrderRejected = message(
  OrderTopic,
  'OrderRejected',
  z.object({ orderId: Id, customerId: Id, reason: RejectionReason }),
);
export const OrderCompleted = message(
  OrderTopic,
  'OrderCompleted',
  z.object({ orderId: Id, customerId: Id }),
);

/** The customer wants it no more; shipping decides. Answered by ShipmentCancelled or ShipmentDispatched. */
export const CancellationRequested = message(
  OrderTopic,
  'CancellationRequested',
  z.object({ orderId: Id, customerId: Id }),
);
export const OrderCancelled = message(
  OrderTopic,
  'OrderCancelled',
  z.object({ orderId: Id, customerId: Id }),
);
