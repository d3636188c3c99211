import 'reflect-metadata';
import { recordedAs, rowsAfter } from '@fieldguide/event-store/testing';
import { describe, expect, it } from 'vitest';
import type { OrderEvent } from '../order/order.events.ts';
import {
  cancelled,
  hammock,
  happyPath,
  orderPlaced,
  paymentDeclined,
  rejectedPaymentDeclined,
  stockReserved,
} from '../order/order.examples.ts';
import { sales } from './sales.projection.ts';

const EVENING = '2030-01-01T23:59:58.000Z';
const tent = {
  productId: '01900000-0000-7000-8000-000000000002',
  name: 'Tent',
  quantity: 1,
  unitPrice: { amountMinor: 20_000, currency: 'EUR' },
};
/** The history of an order with these lines. */
const withLines = (history: readonly OrderEvent[], ...lines: (typeof hammock)[]): OrderEvent[] => {
  const [, ...later] = history;
  return [{ type: 'OrderPlaced', data: { ...orderPlaced.data, lines } }, ...later];
};
const salesAfter = (...orders: (readonly OrderEvent[])[]) =>
  rowsAfter(
    sales,
    orders.flatMap((events, n) => recordedAs(`order-${n}`, events)),
  ).map((row) => row.toPublic());

describe('the sales of a product on a day', () => {
  it('count an order when its payment is captured, and not before or again', () => {
    const captured = happyPath.findIndex(({ type }) => type === 'PaymentCaptured') + 1;
    expect(salesAfter(happyPath.slice(0, captured - 1))).toEqual([]);
    const once = salesAfter(happyPath.slice(0, captured));
    expect(once).toEqual([
      {
        day: '2030-01-01',
        productId: hammock.productId,
        name: 'Hammock',
        orders: 1,
        units: 2,
        revenue: { amountMinor: 13_800, currency: 'EUR' },
        cancelledUnits: 0,
      },
    ]);
    expect(salesAfter(happyPath)).toEqual(once);
  });

  it('are the sum of its orders, and other products of an order have their own', () => {
    const [hammocks, tents] = salesAfter(happyPath, withLines(happyPath, hammock, tent));
    expect(hammocks).toMatchObject({ orders: 2, units: 4, revenue: { amountMinor: 27_600 } });
    expect(tents).toMatchObject({ name: 'Tent', orders: 1, units: 1 });
  });

  it('are kept apart by currency', () => {
    const inFrancs = { ...hammock, unitPrice: { amountMinor: 7_500, currency: 'CHF' } };
    const rows = salesAfter(happyPath, withLines(happyPath, inFrancs));
    expect(rows.map(({ revenue }) => revenue)).toEqual([
      { amountMinor: 13_800, currency: 'EUR' },
      { amountMinor: 15_000, currency: 'CHF' },
    ]);
  });

  it('belong to the day of the capture in UTC, not to that of the order', () => {
    const rows = rowsAfter(sales, recordedAs('order-1', happyPath, EVENING));
    expect(rows.map(({ day }) => day)).toEqual(['2030-01-02']);
  });

  it('count cancelled units apart, and a rejected order nowhere', () => {
    expect(salesAfter([orderPlaced, stockReserved, cancelled])).toMatchObject([
      { orders: 0, units: 0, revenue: { amountMinor: 0 }, cancelledUnits: 2 },
    ]);
    const rejected = [orderPlaced, stockReserved, paymentDeclined, rejectedPaymentDeclined];
    expect(salesAfter(rejected)).toEqual([]);
  });
});
