import type { Money } from '@fieldguide/contracts/money';
import type { RejectionReason } from '@fieldguide/contracts/ordering';
import type { DomainCommand, DomainEvent } from '@fieldguide/event-store';
import type { Request, StepName, Undo } from '../checkout/checkout.ts';

export interface PricedLine {
  readonly productId: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: Money;
}

/** Whose fact an event repeats, and when that was: for the timeline. */
export interface Origin {
  readonly source: string;
  readonly time: string;
}

export interface Placed {
  readonly orderId: string;
  readonly customerId: string;
  readonly lines: readonly PricedLine[];
  readonly total: Money;
  readonly paymentToken: string;
  /** When the prices were known to be right. */
  readonly pricesAsOf: string;
}

interface Dispatched {
  readonly origin: Origin;
  readonly shipmentId: string;
  readonly trackingNumber: string;
  readonly dispatchedAt: string;
}

/** `send` is said (again) because of it. */
interface Sent {
  readonly step: StepName;
  readonly send: readonly Request[];
}

/** What lies in an order's stream. Private: `publish-orders` decides what others hear of it. */
export type OrderEvent =
  | DomainEvent<'OrderPlaced', Placed>
  | DomainEvent<'StockReserved', { origin: Origin }>
  | DomainEvent<'StockRefused', { origin: Origin; productIds: readonly string[] }>
  | DomainEvent<'StockReleased', { origin: Origin }>
  | DomainEvent<'PaymentAuthorised', { origin: Origin; paymentId: string }>
  | DomainEvent<'PaymentDeclined', { origin: Origin; paymentId: string; reason: RejectionReason }>
  | DomainEvent<'PaymentVoided', { origin: Origin; paymentId: string }>
  | DomainEvent<'OrderConfirmed', { orderId: string }>
  | DomainEvent<'CancellationRequested', { orderId: string }>
  | DomainEvent<'ShipmentCancelled', { origin: Origin; reason: string }>
  | DomainEvent<'ShipmentDispatched', Dispatched>
  | DomainEvent<'PaymentCaptured', { origin: Origin; paymentId: string; amount: Money }>
  | DomainEvent<'OrderCompleted', { orderId: string }>
  | DomainEvent<
      'OrderRejected',
      { orderId: string; reason: RejectionReason; undo: readonly Undo[] }
    >
  | DomainEvent<'OrderCancelled', { orderId: string; undo: readonly Undo[] }>
  | DomainEvent<'DeadlinePassed', { step: StepName }>
  | DomainEvent<'CheckoutOverdue', Sent>
  | DomainEvent<'CheckoutRetried', Sent>
  | DomainEvent<'CheckoutAbandoned', { step: StepName }>;

export type DataOf<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>['data'];

/** The facts of other services that an order takes in. */
export type Answer = Extract<OrderEvent, { data: { origin: Origin } }>;

export type OrderCommand =
  | DomainCommand<'PlaceOrder', Placed>
  | { [Type in Answer['type']]: DomainCommand<`Note${Type}`, DataOf<Type>> }[Answer['type']]
  | DomainCommand<'CancelOrder', { customerId: string }>
  | DomainCommand<'PassDeadline', { step: StepName }>
  | DomainCommand<'RetryCheckout', object>
  | DomainCommand<'AbandonCheckout', object>;
