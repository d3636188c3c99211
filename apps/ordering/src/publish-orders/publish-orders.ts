import { derivedId } from '@fieldguide/clock';
import { ReleaseStock, ReserveStock } from '@fieldguide/contracts/inventory';
import {
  OrderCompleted,
  OrderConfirmed,
  OrderPlaced,
  OrderRejected,
} from '@fieldguide/contracts/ordering';
import { AuthorisePayment, CapturePayment } from '@fieldguide/contracts/payments';
import type { Envelope } from '@fieldguide/database';
import type { EventStore, RecordedEvent } from '@fieldguide/event-store';
import { type Request, requestOn, type Undo } from '../checkout/checkout.ts';
import type { OrderEvent } from '../order/order.ts';

type PlacedData = Extract<OrderEvent, { type: 'OrderPlaced' }>['data'];
type Said = readonly [contract: { topic: string; type: string }, data: object];

const requests: { readonly [Each in Request]: (placed: PlacedData) => Said } = {
  reserveStock: ({ orderId, lines }) => [ReserveStock, { orderId, lines: lines.map(unpriced) }],
  authorisePayment: ({ orderId, total, paymentToken }) => [
    AuthorisePayment,
    { orderId, amount: total, paymentToken },
  ],
  capturePayment: ({ orderId }) => [CapturePayment, { orderId }],
};
const undoing: { readonly [Each in Undo]?: (placed: PlacedData) => Said } = {
  releaseStock: ({ orderId }) => [ReleaseStock, { orderId }],
};
const unpriced = ({ productId, quantity }: PlacedData['lines'][number]) => ({
  productId,
  quantity,
});

// Stored events are private; this is the only place that decides what others hear of them.
const facts: { readonly [Type in OrderEvent['type']]?: (placed: PlacedData, data: never) => Said } =
  {
    OrderPlaced: ({ orderId, customerId, lines, total }) => [
      OrderPlaced,
      { orderId, customerId, lines: lines.map(unpriced), total },
    ],
    OrderConfirmed: ({ orderId, customerId, lines }) => [
      OrderConfirmed,
      { orderId, customerId, lines: lines.map(unpriced) },
    ],
    OrderRejected: ({ orderId, customerId }, { reason }: { reason: string }) => [
      OrderRejected,
      { orderId, customerId, reason },
    ],
    OrderCompleted: ({ orderId, customerId }) => [OrderCompleted, { orderId, customerId }],
  };

/** Translates events one by one; what the order was about stands in the first event of its stream. */
export function publisherOf(store: EventStore) {
  return async (event: RecordedEvent) => {
    const [first] = event.version === 1 ? [event] : await store.read(event.stream);
    return publishOrders(event, first!.data as PlacedData);
  };
}

/** What a private event makes us say: the fact of it, the next request of the checkout, or what undoes it. */
export function publishOrders(
  event: RecordedEvent,
  placed: PlacedData,
): { topic: string; envelope: Envelope }[] {
  const type = event.type as OrderEvent['type'];
  const request = requestOn(type);
  const undo = type === 'OrderRejected' ? (event.data as { undo: readonly Undo[] }).undo : [];
  const said = [
    facts[type]?.(placed, event.data as never),
    request && requests[request](placed),
    ...undo.map((each) => undoing[each]?.(placed)),
  ];
  return said
    .filter((each) => each !== undefined)
    .map((each) => enveloped(each, event, placed.orderId));
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
