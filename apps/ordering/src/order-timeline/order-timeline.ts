import type { Timeline } from '@fieldguide/contracts/ordering';
import type { RecordedEvent } from '@fieldguide/event-store';
import type { OrderEvent, Origin } from '../order/order.events.ts';

const summaries: { readonly [Type in OrderEvent['type']]: string } = {
  OrderPlaced: 'The order was placed.',
  StockReserved: 'The goods were set aside.',
  StockRefused: 'Some goods are out of stock.',
  PaymentAuthorised: 'The payment was authorised.',
  PaymentDeclined: 'The payment was declined.',
  OrderConfirmed: 'The order was confirmed.',
  ShipmentDispatched: 'The goods were handed to the carrier.',
  PaymentCaptured: 'The payment was collected.',
  OrderCompleted: 'The order is complete.',
  OrderRejected: 'The order was rejected.',
  StockReleased: 'The goods were put back.',
  PaymentVoided: 'The payment was let go.',
  CancellationRequested: 'A cancellation was asked for.',
  ShipmentCancelled: 'The goods stay here.',
  OrderCancelled: 'The order was cancelled.',
  DeadlinePassed: 'An answer did not come in time.',
  CheckoutOverdue: 'Something takes too long; a person looks at it.',
  CheckoutRetried: 'It was asked again.',
  CheckoutAbandoned: 'A person gave it up.',
};

// Inside facts: nobody outside needs them.
const PRIVATE = new Set(['origin', 'paymentToken', 'customerId', 'undo', 'send']);

/**
 * Every fact of every service about one order. Each answer was recorded when it was taken into the order, so the order
 * of the stream is the causal order, whatever the services' clocks say.
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
