import type { Timeline } from '@fieldguide/contracts/ordering';
import type { RecordedEvent } from '@fieldguide/event-store';
import type { OrderEvent, Origin } from '../order/order.events.ts';

const summaries: { readonly [Type in OrderEvent['type']]: string } = {
  OrderPlaced: 'The order was placed.',
  StockReserved: 'The goods were reserved.',
  StockRefused: 'Some goods are out of stock.',
  PaymentAuthorised: 'The payment was authorised.',
  PaymentDeclined: 'The payment was declined.',
  OrderConfirmed: 'The order was confirmed.',
  ShipmentDispatched: 'The goods were handed to the carrier.',
  PaymentCaptured: 'The payment was collected.',
  OrderCompleted: 'The order is complete.',
  OrderRejected: 'The order was rejected.',
  StockReleased: 'The reserved goods were released.',
  PaymentVoided: 'The payment was voided.',
  CancellationRequested: 'A cancellation was requested.',
  ShipmentCancelled: 'The shipment was cancelled.',
  OrderCancelled: 'The order was cancelled.',
  DeadlinePassed: 'A reply did not arrive in time.',
  CheckoutOverdue: 'A step is overdue; an operator is looking into it.',
  CheckoutRetried: 'The step was retried.',
  CheckoutAbandoned: 'An operator abandoned the checkout.',
};

// Internal fields, not for the API.
const PRIVATE = new Set(['origin', 'paymentToken', 'customerId', 'undo', 'send']);

/**
 * Builds the timeline of one order from its stream. Replies are recorded in the stream, so its order is causal,
 * independent of the services' clocks.
 */
export function timelineOf(events: readonly RecordedEvent[]): Timeline {
  return {
    items: events.map(({ type, data, time }) => {
      const { origin } = data as { origin?: Origin };
      return {
        source: (origin?.source ?? '/ordering').slice(1),
        type,
        time: origin?.time ?? time.toISOString(),
        summary: summaries[type as OrderEvent['type']],
        data: Object.fromEntries(Object.entries(data).filter(([field]) => !PRIVATE.has(field))),
      };
    }),
  };
}
