import { derivedId } from '@fieldguide/clock';
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
import type { Envelope } from '@fieldguide/database';
import {
  type EventStore,
  type EventTranslation,
  type RecordedEvent,
  translate,
} from '@fieldguide/event-store';
import { type CheckoutMessage, messageAfter } from '../checkout/checkout.model.ts';
import type { OrderEvent, Placed } from '../order/order.events.ts';

type OutgoingMessage = readonly [contract: { topic: string; type: string }, data: object];

const contentOf: { readonly [Each in CheckoutMessage]: (placed: Placed) => OutgoingMessage } = {
  reserveStock: ({ orderId, lines }) => [ReserveStock, { orderId, lines: lines.map(unpriced) }],
  authorisePayment: ({ orderId, total, paymentToken }) => [
    AuthorisePayment,
    { orderId, amount: total, paymentToken },
  ],
  confirmOrder: ({ orderId, customerId, lines }) => [
    OrderConfirmed,
    { orderId, customerId, lines: lines.map(unpriced) },
  ],
  requestCancellation: ({ orderId, customerId }) => [
    CancellationRequested,
    { orderId, customerId },
  ],
  capturePayment: ({ orderId }) => [CapturePayment, { orderId }],
  releaseStock: ({ orderId }) => [ReleaseStock, { orderId }],
  voidPayment: ({ orderId }) => [VoidPayment, { orderId }],
};
const unpriced = ({ productId, quantity }: Placed['lines'][number]) => ({ productId, quantity });

const send = (names: readonly CheckoutMessage[], placed: Placed) =>
  names.map((each) => contentOf[each](placed));

/** Returns the message with which the checkout continues after this event. */
const next = ({ type }: RecordedEvent, placed: Placed) => {
  const message = messageAfter(type);
  return message ? send([message], placed) : [];
};

/** Stored events are private; only this table decides what is published. */
const orderMessages: EventTranslation<OrderEvent, Placed, OutgoingMessage> = {
  OrderPlaced: (event, placed) => {
    const { orderId, customerId, lines, total } = placed;
    const data = { orderId, customerId, lines: lines.map(unpriced), total };
    return [[OrderPlaced, data], ...next(event, placed)];
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
  OrderCompleted: (_, { orderId, customerId }) => [[OrderCompleted, { orderId, customerId }]],
  OrderRejected: ({ data: { reason, undo } }, placed) => {
    const { orderId, customerId } = placed;
    return [[OrderRejected, { orderId, customerId, reason }], ...send(undo, placed)];
  },
  OrderCancelled: ({ data: { undo } }, placed) => {
    const { orderId, customerId } = placed;
    return [[OrderCancelled, { orderId, customerId }], ...send(undo, placed)];
  },
  DeadlinePassed: 'internal',
  CheckoutOverdue: ({ data }, placed) => send(data.send, placed),
  CheckoutRetried: ({ data }, placed) => send(data.send, placed),
  CheckoutAbandoned: 'internal',
};

/** Translates events one by one; the order's data comes from the first event of its stream. */
export function orderTranslator(store: EventStore) {
  return async (event: RecordedEvent) => {
    const [first] = event.version === 1 ? [event] : await store.read(event.stream, { limit: 1 });
    return publishOrders(event, first!.data as Placed);
  };
}

/**
 * Returns the messages that follow from a stored event: the published event, the next command, or compensations.
 * @throws UnknownEventTypeError
 */
export function publishOrders(
  event: RecordedEvent,
  placed: Placed,
): { topic: string; envelope: Envelope }[] {
  const messages = translate(orderMessages, event, placed);
  return messages.map((each) => enveloped(each, event, placed.orderId));
}

/** The id is derived from the event, so that consumers detect a message that is sent again after a crash. */
function enveloped(
  [{ topic, type }, data]: OutgoingMessage,
  event: RecordedEvent,
  orderId: string,
) {
  const envelope: Envelope = {
    specversion: '1.0',
    id: derivedId(event.id, topic, type),
    source: '/ordering',
    type,
    subject: orderId,
    time: event.time.toISOString(),
    datacontenttype: 'application/json',
    data,
    correlationid: event.correlationId,
    causationid: event.causationId ?? event.id,
    sequence: String(event.version),
    ...(event.traceparent && { traceparent: event.traceparent }),
  };
  return { topic, envelope };
}
