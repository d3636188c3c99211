import type { MultiStreamProjection, RecordedEvent } from '@fieldguide/event-store';
import type { OrderEvent, PricedLine } from '../order/order.events.ts';
import { Sales } from './sales.entity.ts';

type First = Extract<OrderEvent, { type: 'OrderPlaced' }>;

/**
 * Units and revenue for each product, day (UTC) and currency. An order is a sale when its payment is captured: that
 * happens once, after dispatch, and nothing reverts it. There are no refunds; a cancelled order was never captured, so
 * its units are counted apart, on the day of the cancellation. A rejected order counts nowhere.
 */
export const sales: MultiStreamProjection<Sales, OrderEvent, First> = {
  name: 'sales',
  table: Sales,
  key: 'key',
  rowsOf: ({ time }, { data: { lines } }) =>
    lines.map(({ productId, unitPrice }) => `${dayOf(time)} ${productId} ${unitPrice.currency}`),
  initial: (key) => {
    const [day, productId, currency] = key.split(' ');
    return Object.assign(new Sales(), { key, day, productId, currency });
  },
  on: {
    PaymentCaptured: (row, _, first) => {
      const { name, quantity, unitPrice } = lineOf(row, first);
      const revenue = BigInt(row.revenueMinor) + BigInt(unitPrice.amountMinor * quantity);
      return after(row, {
        name,
        orders: row.orders + 1,
        units: row.units + quantity,
        revenueMinor: String(revenue),
      });
    },
    OrderCancelled: (row, _, first) => {
      const { name, quantity } = lineOf(row, first);
      return after(row, { name, cancelledUnits: row.cancelledUnits + quantity });
    },
    OrderPlaced: 'ignored',
    StockReserved: 'ignored',
    StockRefused: 'ignored',
    StockReleased: 'ignored',
    PaymentAuthorised: 'ignored',
    PaymentDeclined: 'ignored',
    PaymentVoided: 'ignored',
    OrderConfirmed: 'ignored',
    CancellationRequested: 'ignored',
    ShipmentCancelled: 'ignored',
    ShipmentDispatched: 'ignored',
    OrderCompleted: 'ignored',
    OrderRejected: 'ignored',
    DeadlinePassed: 'ignored',
    CheckoutOverdue: 'ignored',
    CheckoutRetried: 'ignored',
    CheckoutAbandoned: 'ignored',
  },
};

/** A request has one line for each product. */
function lineOf({ productId }: Sales, { data: { lines } }: RecordedEvent<First>): PricedLine {
  return lines.find((line) => line.productId === productId)!;
}

function after(row: Sales, change: Partial<Omit<Sales, 'toPublic'>>): Sales {
  return Object.assign(new Sales(), row, change);
}

const dayOf = (time: Date) => time.toISOString().slice(0, 10);
