import 'reflect-metadata';
import { join } from 'node:path';
import { Order } from '@fieldguide/contracts/ordering';
import { replay } from '@fieldguide/event-store';
import { recordedAs, storedFormatsContract } from '@fieldguide/event-store/testing';
import { expect, it } from 'vitest';
import { summaryOf } from '../order-summary/order-summary.projection.ts';
import { timelineOf } from '../order-timeline/order-timeline.ts';
import { type OrderEvent, orderEvents } from './order.events.ts';
import {
  cancellationRequested,
  cancelled,
  happyPath,
  orderId,
  orderPlaced,
  paymentDeclined,
  paymentVoided,
  rejectedPaymentTimeout,
  shipmentCancelled,
  stockRefused,
  stockReleased,
} from './order.examples.ts';
import { order } from './order.model.ts';
import { orderUpcasters } from './order.upcasters.ts';

storedFormatsContract<OrderEvent>({
  folder: join(import.meta.dirname, 'stored'),
  schemas: orderEvents,
  upcasters: orderUpcasters,
  examples: [
    ...happyPath,
    stockRefused,
    stockReleased,
    paymentDeclined,
    paymentVoided,
    cancellationRequested,
    shipmentCancelled,
    cancelled,
    rejectedPaymentTimeout,
    { type: 'DeadlinePassed', data: { step: 'awaitingPayment' } },
    { type: 'CheckoutOverdue', data: { step: 'confirmed', send: ['confirmOrder'] } },
    { type: 'CheckoutRetried', data: { step: 'undoing', send: ['voidPayment', 'releaseStock'] } },
    { type: 'CheckoutAbandoned', data: { step: 'confirmed' } },
  ],
  loads: (event) => {
    const history = event.type === 'OrderPlaced' ? [event] : [orderPlaced, event];
    replay(order, history);
    const recorded = recordedAs(`order-${orderId}`, history);
    Order.parse(summaryOf(recorded));
    timelineOf(recorded);
  },
});

it('the first voided payments had no paymentId', () => {
  const [upcast] = orderUpcasters.PaymentVoided!;
  const { origin, paymentId } = paymentVoided.data;
  expect(upcast({ origin } as never)).toEqual({ origin, paymentId: null });
  expect(upcast({ origin, paymentId } as never)).toEqual({ origin, paymentId });
});
