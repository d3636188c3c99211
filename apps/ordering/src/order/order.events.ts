import { Id, Money } from '@fieldguide/contracts/money';
import { RejectionReason } from '@fieldguide/contracts/ordering';
import type { DomainCommand, EventsOf } from '@fieldguide/event-store';
import { z } from 'zod';
import {
  checkoutMessages,
  compensations,
  type StepName,
  stepNames,
} from '../checkout/checkout.model.ts';

const Time = z.iso.datetime();
const Step = z.enum(stepNames);
const Compensations = z.array(z.enum(compensations)).readonly();
const PricedLine = z.strictObject({
  productId: Id,
  name: z.string(),
  quantity: z.int().positive(),
  unitPrice: Money,
});
export type PricedLine = z.infer<typeof PricedLine>;

const Placed = z.strictObject({
  orderId: Id,
  customerId: Id,
  lines: z.array(PricedLine).readonly(),
  total: Money,
  paymentToken: z.string(),
  /** When the prices were last known to be current. */
  pricesAsOf: Time,
});
export type Placed = z.infer<typeof Placed>;

/** Source and time of the reply that an event records, for the timeline. */
const Origin = z.strictObject({ source: z.string(), time: Time });
export type Origin = z.infer<typeof Origin>;

const orderRef = z.strictObject({ orderId: Id });
const reply = z.strictObject({ origin: Origin });
const paymentReply = reply.extend({ paymentId: Id });
/** `send` names the messages that it sends (again). */
const Sent = z.strictObject({ step: Step, send: z.array(z.enum(checkoutMessages)).readonly() });

/**
 * The events of an order's stream in their current format. Private: `publish-orders` decides what is published.
 * A changed format needs an upcaster (`order.upcasters.ts`); a spec fails without one.
 */
export const orderEvents = {
  OrderPlaced: Placed,
  StockReserved: reply,
  StockRefused: reply.extend({ productIds: z.array(Id).readonly() }),
  StockReleased: reply,
  PaymentAuthorised: paymentReply,
  PaymentDeclined: paymentReply.extend({ reason: RejectionReason }),
  PaymentVoided: reply.extend({ paymentId: Id.nullable() }),
  OrderConfirmed: orderRef,
  CancellationRequested: orderRef,
  ShipmentCancelled: reply.extend({ reason: z.string() }),
  ShipmentDispatched: reply.extend({
    shipmentId: Id,
    trackingNumber: z.string(),
    dispatchedAt: Time,
  }),
  PaymentCaptured: paymentReply.extend({ amount: Money }),
  OrderCompleted: orderRef,
  OrderRejected: orderRef.extend({ reason: RejectionReason, undo: Compensations }),
  OrderCancelled: orderRef.extend({ undo: Compensations }),
  DeadlinePassed: z.strictObject({ step: Step }),
  CheckoutOverdue: Sent,
  CheckoutRetried: Sent,
  CheckoutAbandoned: z.strictObject({ step: Step }),
};
export type OrderEvent = EventsOf<typeof orderEvents>;

export type DataOf<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>['data'];

/** Replies of other services that an order records. */
type Reply = Extract<OrderEvent, { data: { origin: Origin } }>;

/** The amount of an authorisation is compared with the order's total, which is stored already. */
type ReplyOf<Type extends Reply['type']> = DataOf<Type> &
  (Type extends 'PaymentAuthorised' ? { readonly amount: Money } : unknown);

export type OrderCommand =
  | DomainCommand<'PlaceOrder', Placed>
  | { [Type in Reply['type']]: DomainCommand<`Record${Type}`, ReplyOf<Type>> }[Reply['type']]
  | DomainCommand<'CancelOrder', { customerId: string }>
  | DomainCommand<'ExpireDeadline', { step: StepName }>
  | DomainCommand<'RetryCheckout', object>
  | DomainCommand<'AbandonCheckout', object>;
