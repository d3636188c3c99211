import 'reflect-metadata';
import { Order } from '@fieldguide/contracts/ordering';
import { recordedAs, rowAfter } from '@fieldguide/event-store/testing';
import { describe, expect, it } from 'vitest';
import {
  happyPath,
  orderId,
  orderPlaced,
  paymentDeclined,
  rejectedPaymentDeclined,
  stockReserved,
} from '../order/order.examples.ts';
import { orderSummary, summaryOf } from './order-summary.projection.ts';

const recorded = (...events: Parameters<typeof recordedAs>[1]) =>
  recordedAs(`order-${orderId}`, events);

describe('the summary of an order', () => {
  it('follows the happy path and counts every event', () => {
    const row = rowAfter(orderSummary, recorded(...happyPath));
    expect(row).toMatchObject({ status: 'completed', paymentStatus: 'captured', streamVersion: 7 });
    expect(row.lines[0]?.lineTotal).toEqual({ amountMinor: 13_800, currency: 'EUR' });
    expect(row.shipment?.trackingNumber).toBe('FG0000000001');
  });
  it('shows why an order was rejected', () => {
    const events = recorded(orderPlaced, stockReserved, paymentDeclined, rejectedPaymentDeclined);
    expect(summaryOf(events)).toMatchObject({
      status: 'rejected',
      statusReason: 'paymentDeclined',
      payment: { status: 'declined' },
    });
  });
  it('matches the contract at every step', () => {
    const events = recorded(...happyPath);
    for (let n = 1; n <= events.length; n++) Order.parse(summaryOf(events.slice(0, n)));
  });
});
