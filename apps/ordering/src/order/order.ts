import type { Money } from '@fieldguide/contracts/money';
import type { RejectionReason } from '@fieldguide/contracts/ordering';
import type { Decider, DomainCommand, DomainEvent } from '@fieldguide/event-store';
import { type Undo, undoAt } from '../checkout/checkout.ts';
import { refuse } from './order.refusals.ts';

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

interface Placed {
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

export type OrderEvent =
  | DomainEvent<'OrderPlaced', Placed>
  | DomainEvent<'StockReserved', { origin: Origin }>
  | DomainEvent<'StockRefused', { origin: Origin; productIds: readonly string[] }>
  | DomainEvent<'PaymentAuthorised', { origin: Origin; paymentId: string }>
  | DomainEvent<'PaymentDeclined', { origin: Origin; paymentId: string; reason: RejectionReason }>
  | DomainEvent<'OrderConfirmed', { orderId: string }>
  | DomainEvent<'ShipmentDispatched', Dispatched>
  | DomainEvent<'PaymentCaptured', { origin: Origin; paymentId: string; amount: Money }>
  | DomainEvent<'OrderCompleted', { orderId: string }>
  | DomainEvent<
      'OrderRejected',
      { orderId: string; reason: RejectionReason; undo: readonly Undo[] }
    >;

type Data<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>['data'];

export type OrderCommand =
  | DomainCommand<'PlaceOrder', Placed>
  | DomainCommand<'NoteStockReserved', Data<'StockReserved'>>
  | DomainCommand<'NoteStockRefused', Data<'StockRefused'>>
  | DomainCommand<'NotePaymentAuthorised', Data<'PaymentAuthorised'>>
  | DomainCommand<'NotePaymentDeclined', Data<'PaymentDeclined'>>
  | DomainCommand<'NoteShipmentDispatched', Data<'ShipmentDispatched'>>
  | DomainCommand<'NotePaymentCaptured', Data<'PaymentCaptured'>>;

/** `status` is the checkout's step that is waited for, or how it ended. */
export interface Order {
  readonly status:
    | 'none'
    | 'placed'
    | 'awaitingPayment'
    | 'confirmed'
    | 'dispatched'
    | 'completed'
    | 'rejected';
  readonly placed?: Placed;
}

const orderId = (order: Order) => order.placed!.orderId;

// Answers may come twice or late: in a step that does not wait for them they change nothing.
export const order: Decider<Order, OrderCommand, OrderEvent> = {
  name: 'order',
  initial: { status: 'none' },

  decide: {
    PlaceOrder: (wish, order) => {
      if (order.status === 'none') return [{ type: 'OrderPlaced', data: wish }];
      if (!sameWish(wish, order.placed!)) throw refuse.idempotencyKeyReused();
      return [];
    },
    NoteStockReserved: (fact, order) =>
      order.status === 'placed' ? [{ type: 'StockReserved', data: fact }] : [],
    NoteStockRefused: (fact, order) =>
      order.status === 'placed'
        ? [{ type: 'StockRefused', data: fact }, rejected(order, 'outOfStock')]
        : [],
    NotePaymentAuthorised: (fact, order) =>
      order.status === 'awaitingPayment'
        ? [
            { type: 'PaymentAuthorised', data: fact },
            { type: 'OrderConfirmed', data: { orderId: orderId(order) } },
          ]
        : [],
    NotePaymentDeclined: (fact, order) =>
      order.status === 'awaitingPayment'
        ? [{ type: 'PaymentDeclined', data: fact }, rejected(order, fact.reason)]
        : [],
    NoteShipmentDispatched: (fact, order) =>
      order.status === 'confirmed' ? [{ type: 'ShipmentDispatched', data: fact }] : [],
    NotePaymentCaptured: (fact, order) =>
      order.status === 'dispatched'
        ? [
            { type: 'PaymentCaptured', data: fact },
            { type: 'OrderCompleted', data: { orderId: orderId(order) } },
          ]
        : [],
  },

  evolve: {
    OrderPlaced: (_, placed) => ({ status: 'placed', placed }),
    StockReserved: (order) => ({ ...order, status: 'awaitingPayment' }),
    StockRefused: (order) => order,
    PaymentAuthorised: (order) => order,
    PaymentDeclined: (order) => order,
    OrderConfirmed: (order) => ({ ...order, status: 'confirmed' }),
    ShipmentDispatched: (order) => ({ ...order, status: 'dispatched' }),
    PaymentCaptured: (order) => order,
    OrderCompleted: (order) => ({ ...order, status: 'completed' }),
    OrderRejected: (order) => ({ ...order, status: 'rejected' }),
  },
};

function rejected(order: Order, reason: RejectionReason): OrderEvent {
  const undo = undoAt(order.status, reason);
  return { type: 'OrderRejected', data: { orderId: orderId(order), reason, undo } };
}

/** The same order again? Prices may have changed since; what the customer asked for may not. */
export function sameWish(
  a: Pick<Placed, 'lines' | 'paymentToken'>,
  b: Pick<Placed, 'lines' | 'paymentToken'>,
): boolean {
  const asked = ({ lines, paymentToken }: typeof a) =>
    JSON.stringify([paymentToken, lines.map(({ productId, quantity }) => [productId, quantity])]);
  return asked(a) === asked(b);
}
