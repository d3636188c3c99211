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
import type { EventStore, RecordedEvent } from '@fieldguide/event-store';
import { type Request, requestOn } from '../checkout/checkout.ts';
import type { OrderEvent, Placed } from '../order/order.events.ts';

type Said = readonly [contract: { topic: string; type: string }, data: object];

const requests: { readonly [Each in Request]: (placed: Placed) => Said } = {
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

// Stored events are private; this is the only place that decides what others hear of them.
const facts: { readonly [Type in OrderEvent['type']]?: (placed: Placed, data: never) => Said } = {
  OrderPlaced: ({ orderId, customerId, lines, total }) => [
    OrderPlaced,
    { orderId, customerId, lines: lines.map(unpriced), total },
  ],
  OrderRejected: ({ orderId, customerId }, { reason }: { reason: string }) => [
    OrderRejected,
    { orderId, customerId, reason },
  ],
  OrderCancelled: ({ orderId, customerId }) => [OrderCancelled, { orderId, customerId }],
  OrderCompleted: ({ orderId, customerId }) => [OrderCompleted, { orderId, customerId }],
};

/** Translates events one by one; what the order was about stands in the first event of its stream. */
export function publisherOf(store: EventStore) {
  return async (event: RecordedEvent) => {
    const [first] = event.version === 1 ? [event] : await store.read(event.stream);
    return publishOrders(event, first!.data as Placed);
  };
}

/** What a private event makes us say: the fact of it, the next request of the checkout, or what undoes it. */
export function publishOrders(
  event: RecordedEvent,
  placed: Placed,
): { topic: string; envelope: Envelope }[] {
  const type = event.type as OrderEvent['type'];
  const next = requestOn(type);
  const { undo = [], send = [] } = event.data as Partial<Record<'undo' | 'send', Request[]>>;
  const fact = facts[type]?.(placed, event.data as never);
  const said = [...(next ? [next] : []), ...undo, ...send].map((each) => requests[each](placed));
  return [...(fact ? [fact] : []), ...said].map((each) => enveloped(each, event, placed.orderId));
}

/** The id follows from the event, so that a message sent again after a crash is known to be the same. */
function enveloped([{ topic, type }, data]: Said, event: RecordedEvent, orderId: string) {
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
