import type { Order } from '@fieldguide/contracts/ordering';
import { type Projection, type RecordedEvent } from '@fieldguide/event-store';
import { applyEvents } from '@fieldguide/event-store/parts';
import type { OrderEvent } from '../order/order.events.ts';
import { OrderSummary } from './order-summary.entity.ts';

type Change = Partial<Omit<OrderSummary, 'toPublic'>>;

/** One row for each order, from its events alone; dropping the table and starting at 0 gives the same rows. */
export const orderSummary: Projection<OrderSummary, OrderEvent> = {
  name: 'order-summary',
  table: OrderSummary,
  key: 'orderId',
  rowOf: ({ stream }) => stream.slice('order-'.length),
  initial: (orderId) => Object.assign(new OrderSummary(), { orderId }),
  on: {
    OrderPlaced: (row, event) => {
      const { customerId, lines, total } = event.data;
      const withTotals = lines.map((line) => ({
        ...line,
        lineTotal: { ...line.unitPrice, amountMinor: line.unitPrice.amountMinor * line.quantity },
      }));
      return after(row, event, {
        customerId,
        lines: withTotals,
        total,
        status: 'placed',
        placedAt: event.time,
      });
    },
    StockReserved: (row, event) => after(row, event, { status: 'awaitingPayment' }),
    StockRefused: same,
    StockReleased: same,
    PaymentAuthorised: (row, event) => after(row, event, { paymentStatus: 'authorised' }),
    PaymentDeclined: (row, event) => after(row, event, { paymentStatus: 'declined' }),
    // A declined payment has nothing to void; that it was declined is what the customer should read.
    PaymentVoided: (row, event) =>
      after(row, event, row.paymentStatus === 'declined' ? {} : { paymentStatus: 'voided' }),
    OrderConfirmed: (row, event) => after(row, event, { status: 'confirmed' }),
    ShipmentDispatched: (row, event) => {
      const { shipmentId: id, trackingNumber, dispatchedAt } = event.data;
      return after(row, event, {
        status: 'dispatched',
        shipment: { id, trackingNumber, dispatchedAt },
      });
    },
    PaymentCaptured: (row, event) => after(row, event, { paymentStatus: 'captured' }),
    OrderCompleted: (row, event) => after(row, event, { status: 'completed' }),
    OrderRejected: (row, event) =>
      after(row, event, { status: 'rejected', statusReason: event.data.reason }),
    CancellationRequested: (row, event) => after(row, event, { status: 'cancelling' }),
    ShipmentCancelled: same,
    OrderCancelled: (row, event) => after(row, event, { status: 'cancelled' }),
    DeadlinePassed: same,
    CheckoutOverdue: same,
    CheckoutRetried: same,
    CheckoutAbandoned: same,
  },
};

/** Changes nothing but the version. */
function same(row: OrderSummary, event: RecordedEvent): OrderSummary {
  return after(row, event, {});
}

function after(row: OrderSummary, event: RecordedEvent, change: Change): OrderSummary {
  const next = Object.assign(new OrderSummary(), row, change);
  return Object.assign(next, { updatedAt: event.time, streamVersion: event.version });
}

/** Folds an order's whole stream; current also while the projection lags. */
export function summaryOf(events: readonly RecordedEvent[]): Order {
  const rows = new Map<string, OrderSummary>();
  const [orderId] = applyEvents(orderSummary, events, rows);
  return rows.get(orderId!)!.toPublic();
}
