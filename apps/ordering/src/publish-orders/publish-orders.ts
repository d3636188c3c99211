import { ReleaseStock, ReserveStock } from '@fieldguide/contracts/inventory';
import {
  CancellationRequested,
  OrderCancelled,
  OrderCompleted,
  OrderConfirmed,
  OrderPlaced,
  OrderRejected,
} from '@fieldguide/contracts/ordering';
import { AuthorisePayment, CapturePayment, VoidPayment } from '@fieldguide/contracts/payments';
import type { EventTranslation, Lifetimes } from '@fieldguide/event-publishing';
import type { RecordedEvent } from '@fieldguide/event-store';
import { message, type NewMessage } from '@fieldguide/messaging';
import { type CheckoutMessage, type Deadline, messageAfter } from '../checkout/checkout.model.ts';
import type { OrderEvent, Placed } from '../order/order.events.ts';

const messageOf: { readonly [Each in CheckoutMessage]: (placed: Placed) => NewMessage } = {
  reserveStock: ({ orderId, lines }) => message(ReserveStock, orderId, { orderId, lines }),
  authorisePayment: ({ orderId, total: amount, paymentToken }) =>
    message(AuthorisePayment, orderId, { orderId, amount, paymentToken }),
  confirmOrder: ({ orderId, customerId, lines }) =>
    message(OrderConfirmed, orderId, { orderId, customerId, lines }),
  requestCancellation: ({ orderId, customerId }) =>
    message(CancellationRequested, orderId, { orderId, customerId }),
  capturePayment: ({ orderId }) => message(CapturePayment, orderId, { orderId }),
  releaseStock: ({ orderId }) => message(ReleaseStock, orderId, { orderId }),
  voidPayment: ({ orderId }) => message(VoidPayment, orderId, { orderId }),
};

const send = (names: readonly CheckoutMessage[], placed: Placed) =>
  names.map((each) => messageOf[each](placed));

type First = Extract<OrderEvent, { type: 'OrderPlaced' }>;

/** Returns the message with which the checkout continues after this event. */
const next = ({ type }: RecordedEvent, first: RecordedEvent<First>) => {
  const name = messageAfter(type);
  return name ? send([name], first.data) : [];
};

/** Stored events are private; only this table decides what is published. */
export const orderMessages: EventTranslation<OrderEvent, First> = {
  OrderPlaced: (event, first) => {
    const { orderId, customerId, lines, total } = event.data;
    const published = message(OrderPlaced, orderId, { orderId, customerId, lines, total });
    return [published, ...next(event, first)];
  },
  StockReserved: next,
  StockRefused: 'internal',
  StockReleased: 'internal',
  PaymentAuthorised: 'internal',
  PaymentDeclined: 'internal',
  PaymentVoided: 'internal',
  OrderConfirmed: next,
  CancellationRequested: next,
  ShipmentCancelled: 'internal',
  ShipmentDispatched: next,
  PaymentCaptured: 'internal',
  OrderCompleted: (_, { data: { orderId, customerId } }) => [
    message(OrderCompleted, orderId, { orderId, customerId }),
  ],
  OrderRejected: ({ data: { reason, undo } }, { data: placed }) => {
    const { orderId, customerId } = placed;
    const rejected = message(OrderRejected, orderId, { orderId, customerId, reason });
    return [rejected, ...send(undo, placed)];
  },
  OrderCancelled: ({ data: { undo } }, { data: placed }) => {
    const { orderId, customerId } = placed;
    const cancelled = message(OrderCancelled, orderId, { orderId, customerId });
    return [cancelled, ...send(undo, placed)];
  },
  DeadlinePassed: 'internal',
  CheckoutOverdue: ({ data }, first) => send(data.send, first.data),
  CheckoutRetried: ({ data }, first) => send(data.send, first.data),
  CheckoutAbandoned: 'internal',
};

const wantedUntil: Readonly<Record<string, Deadline>> = {
  [ReserveStock.type]: 'STOCK_DEADLINE_MS',
  [AuthorisePayment.type]: 'PAYMENT_DEADLINE_MS',
};

/**
 * A command of a step that its deadline ends is wanted until then: a later reply has no effect, and a compensation follows.
 * Compensations and captures are always wanted.
 */
export const commandLifetimes =
  (config: Readonly<Record<Deadline, number>>): Lifetimes =>
  (type) => {
    const deadline = wantedUntil[type];
    return deadline && config[deadline];
  };
