import 'reflect-metadata';
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
import { translate } from '@fieldguide/event-publishing';
import { recordedAs } from '@fieldguide/event-store/testing';
import { describe, expect, it } from 'vitest';
import { deadlines, stepsEndedByDeadline } from '../checkout/checkout.model.ts';
import type { OrderEvent } from '../order/order.events.ts';
import {
  cancellationRequested,
  cancelled,
  happyPath,
  orderId,
  orderPlaced,
  paymentDeclined,
  rejectedPaymentDeclined,
  rejectedPaymentTimeout,
  shipmentCancelled,
  stockReserved,
} from '../order/order.examples.ts';
import { timelineOf } from '../order-timeline/order-timeline.ts';
import { commandLifetimes, orderMessages } from './publish-orders.ts';

const contracts = [
  OrderPlaced,
  OrderConfirmed,
  OrderRejected,
  OrderCompleted,
  ReserveStock,
  ReleaseStock,
  AuthorisePayment,
  CapturePayment,
  VoidPayment,
  CancellationRequested,
  OrderCancelled,
];
const published = (events: Parameters<typeof recordedAs>[1]) =>
  recordedAs(`order-${orderId}`, events).flatMap((event, _, [first]) =>
    translate(orderMessages, 'ordering', { event, first: first! }),
  );

describe('what ordering publishes', () => {
  it('is three events and three commands on the happy path, each to its topic', () =>
    expect(published(happyPath).map(({ topic, envelope }) => `${topic} ${envelope.type}`)).toEqual([
      'ordering.orders.v1 OrderPlaced',
      'inventory.requests.v1 ReserveStock',
      'payments.requests.v1 AuthorisePayment',
      'ordering.orders.v1 OrderConfirmed',
      'payments.requests.v1 CapturePayment',
      'ordering.orders.v1 OrderCompleted',
    ]));
  it('releases the stock of an order whose payment was declined', () => {
    const types = published([orderPlaced, stockReserved, paymentDeclined, rejectedPaymentDeclined]);
    expect(types.slice(-2).map(({ envelope }) => envelope.type)).toEqual([
      'OrderRejected',
      'ReleaseStock',
    ]);
  });
  it('compensates everything when the payment times out', () => {
    const types = published([orderPlaced, stockReserved, rejectedPaymentTimeout]);
    expect(types.slice(-3).map(({ envelope }) => envelope.type)).toEqual([
      'OrderRejected',
      'VoidPayment',
      'ReleaseStock',
    ]);
  });
  it('requests a cancellation from shipping, and compensates the rest when it is granted', () => {
    const events = [...happyPath.slice(0, 4), cancellationRequested, shipmentCancelled, cancelled];
    expect(
      published(events)
        .map(({ envelope }) => envelope.type)
        .slice(-4),
    ).toEqual(['CancellationRequested', 'OrderCancelled', 'VoidPayment', 'ReleaseStock']);
  });
  it('sends a command again under another id', () => {
    const retried: OrderEvent = {
      type: 'CheckoutRetried',
      data: { step: 'placed', send: ['reserveStock'] },
    };
    const [, first, again] = published([orderPlaced, retried]);
    expect(again!.envelope).toMatchObject({ type: 'ReserveStock', data: first!.envelope.data });
    expect(again!.envelope.id).not.toBe(first!.envelope.id);
  });
  it('is wanted until the deadline of its step, if that ends the order, and else for ever', () => {
    const lifetimes = commandLifetimes(deadlines);
    const expiring = recordedAs(`order-${orderId}`, [...happyPath, rejectedPaymentTimeout])
      .flatMap((event, _, [first]) =>
        translate(orderMessages, 'ordering', { event, first: first! }, lifetimes),
      )
      .flatMap(({ envelope: { type, time, expirytime } }) =>
        expirytime ? [[type, Date.parse(expirytime) - Date.parse(time)]] : [],
      );
    expect(expiring).toEqual([
      ['ReserveStock', deadlines.STOCK_DEADLINE_MS],
      ['AuthorisePayment', deadlines.PAYMENT_DEADLINE_MS],
    ]);
    expect(expiring).toHaveLength(stepsEndedByDeadline.length);
  });
  it('matches the contracts', () => {
    const all = [
      ...published(happyPath),
      ...published([...happyPath.slice(0, 4), cancellationRequested, shipmentCancelled, cancelled]),
      ...published([orderPlaced, stockReserved, paymentDeclined, rejectedPaymentDeclined]),
    ];
    for (const { topic, envelope } of all) {
      const contract = contracts.find((each) => each.type === envelope.type);
      expect(contract?.topic).toBe(topic);
      expect(contract!.data.strict().parse(envelope.data)).toEqual(envelope.data);
      expect(envelope.subject).toBe(orderId);
    }
  });
  it('has the same ids when it is sent again', () =>
    expect(published(happyPath).map(({ envelope }) => envelope.id)).toEqual(
      published(happyPath).map(({ envelope }) => envelope.id),
    ));
});

describe('the timeline', () => {
  it('shows the source of each event, and no internal field', () => {
    const { items } = timelineOf(recordedAs(`order-${orderId}`, happyPath));
    expect(items.map(({ source }) => source)).toEqual([
      'ordering',
      'inventory',
      'payments',
      'ordering',
      'shipping',
      'payments',
      'ordering',
    ]);
    expect(JSON.stringify(items)).not.toMatch(/tok_ok|origin/);
  });
});
