import { scenariosOf } from '@fieldguide/event-store/testing';
import { describe, it } from 'vitest';
import type { StepName } from '../checkout/checkout.model.ts';
import type { OrderCommand, OrderEvent } from './order.events.ts';
import {
  cancellationRequested,
  cancelled,
  cancelOrder,
  happyPath,
  orderCompleted,
  orderConfirmed,
  orderId,
  orderPlaced,
  paymentAuthorised,
  paymentCaptured,
  paymentDeclined,
  paymentVoided,
  placeOrder,
  rejectedOutOfStock,
  rejectedPaymentDeclined,
  rejectedPaymentTimeout,
  shipmentCancelled,
  shipmentDispatched,
  stockRefused,
  stockReleased,
  stockReserved,
} from './order.examples.ts';
import { order } from './order.model.ts';

const given = scenariosOf(order);
const record = <Reply extends { type: string; data: object }>({ type, data }: Reply) =>
  ({ type: `Record${type}`, data }) as OrderCommand;
const until = (last: { type: string }) =>
  happyPath.slice(0, happyPath.findIndex(({ type }) => type === last.type) + 1);

describe('an order', () => {
  it('is placed', () => given().when(placeOrder).emits(orderPlaced));
  it('is not placed twice by a repeat, also when prices have changed', () => {
    const [line] = placeOrder.data.lines;
    const dearer = { ...line!, unitPrice: { amountMinor: 9_900, currency: 'EUR' } };
    given(orderPlaced)
      .when({ ...placeOrder, data: { ...placeOrder.data, lines: [dearer] } })
      .emitsNothing();
  });
  it('is refused under the key of another order', () => {
    const [line] = placeOrder.data.lines;
    given(orderPlaced)
      .when({ ...placeOrder, data: { ...placeOrder.data, lines: [{ ...line!, quantity: 3 }] } })
      .isRefused('ordering.idempotencyKeyReused');
  });
  it('is refused when its total is more than can be paid', () => {
    const total = (amountMinor: number) => ({
      ...placeOrder,
      data: { ...placeOrder.data, total: { amountMinor, currency: 'EUR' } },
    });
    given().when(total(10_000_000_001)).isRefused('ordering.totalTooHigh');
    given()
      .when(total(10_000_000_000))
      .emits({ type: 'OrderPlaced', data: total(10_000_000_000).data });
  });
  it('waits for payment when its stock is reserved', () =>
    given(orderPlaced).when(record(stockReserved)).emits(stockReserved));
  it('is rejected when it is out of stock, with nothing to undo', () =>
    given(orderPlaced).when(record(stockRefused)).emits(stockRefused, rejectedOutOfStock));
  it('is confirmed when its payment is authorised', () =>
    given(...until(stockReserved))
      .when(record(paymentAuthorised))
      .emits(paymentAuthorised, orderConfirmed));
  it('is rejected when its payment is declined, and the stock released', () =>
    given(...until(stockReserved))
      .when(record(paymentDeclined))
      .emits(paymentDeclined, rejectedPaymentDeclined));
  it('is dispatched', () =>
    given(...until(orderConfirmed))
      .when(record(shipmentDispatched))
      .emits(shipmentDispatched));
  it('is completed when its payment is captured', () =>
    given(...until(shipmentDispatched))
      .when(record(paymentCaptured))
      .emits(paymentCaptured, orderCompleted));
  it.each([
    stockReserved,
    stockRefused,
    paymentAuthorised,
    paymentDeclined,
    shipmentDispatched,
    paymentCaptured,
  ])('takes no notice of $type once it is completed', (reply) =>
    given(...happyPath)
      .when(record(reply))
      .emitsNothing(),
  );
  it('takes no notice of an answer told twice', () =>
    given(...until(stockReserved))
      .when(record(stockReserved))
      .emitsNothing());
});

const expireDeadline = (step: StepName) => ({ type: 'ExpireDeadline', data: { step } }) as const;
const [retry, abandon] = [
  { type: 'RetryCheckout', data: {} },
  { type: 'AbandonCheckout', data: {} },
] as const;

describe('an order whose time is up', () => {
  it('is rejected when no stock was told, and whatever was reserved is released', () =>
    given(orderPlaced)
      .when(expireDeadline('placed'))
      .emits(
        { type: 'DeadlinePassed', data: { step: 'placed' } },
        {
          type: 'OrderRejected',
          data: { orderId, reason: 'stockTimeout', undo: ['releaseStock'] },
        },
      ));
  it('is rejected when the payment was not told, and everything undone', () =>
    given(...until(stockReserved))
      .when(expireDeadline('awaitingPayment'))
      .emits(
        { type: 'DeadlinePassed', data: { step: 'awaitingPayment' } },
        rejectedPaymentTimeout,
      ));
  it('goes on when the answer was faster', () =>
    given(...until(orderConfirmed))
      .when(expireDeadline('awaitingPayment'))
      .emitsNothing());
  it('is listed for a person once after its confirmation, and asked for again from then on', () => {
    const overdue = {
      type: 'CheckoutOverdue',
      data: { step: 'dispatched', send: ['capturePayment'] },
    } as const;
    given(...until(shipmentDispatched))
      .when(expireDeadline('dispatched'))
      .emits(overdue);
    given(...until(shipmentDispatched), overdue)
      .when(expireDeadline('dispatched'))
      .emits({ ...overdue, type: 'CheckoutRetried' });
  });
  it('takes no notice of the answer that comes after it', () =>
    given(...until(stockReserved), rejectedPaymentTimeout)
      .when(record(paymentAuthorised))
      .emitsNothing());
  it('waits until what was done is undone, and says it again when that takes too long', () => {
    given(...until(stockReserved), rejectedPaymentTimeout)
      .when(record(stockReleased))
      .emits(stockReleased);
    given(...until(stockReserved), rejectedPaymentTimeout, stockReleased)
      .when(expireDeadline('undoing'))
      .emits({ type: 'CheckoutOverdue', data: { step: 'undoing', send: ['voidPayment'] } });
    given(...until(stockReserved), rejectedPaymentTimeout, stockReleased, paymentVoided)
      .when(expireDeadline('undoing'))
      .emitsNothing();
  });
});

describe('a cancellation', () => {
  it.each([orderPlaced, stockReserved])('after $type is decided at once', (last) => {
    const undo = last === orderPlaced ? ['releaseStock'] : ['voidPayment', 'releaseStock'];
    given(...until(last))
      .when(cancelOrder)
      .emits({ type: 'OrderCancelled', data: { orderId, undo } } as OrderEvent);
  });
  it('after the confirmation is asked of shipping, once', () => {
    given(...until(orderConfirmed))
      .when(cancelOrder)
      .emits(cancellationRequested);
    given(...until(orderConfirmed), cancellationRequested)
      .when(cancelOrder)
      .emitsNothing();
  });
  it('wins when shipping says so, and everything is undone', () =>
    given(...until(orderConfirmed), cancellationRequested)
      .when(record(shipmentCancelled))
      .emits(shipmentCancelled, cancelled));
  it('loses when the goods have left', () =>
    given(...until(orderConfirmed), cancellationRequested)
      .when(record(shipmentDispatched))
      .emits(shipmentDispatched));
  it('is refused once the goods have left', () =>
    given(...until(shipmentDispatched))
      .when(cancelOrder)
      .isRefused('ordering.alreadyDispatched'));
  it('is refused for a rejected order', () =>
    given(orderPlaced, stockRefused, rejectedOutOfStock)
      .when(cancelOrder)
      .isRefused('ordering.alreadyRejected'));
  it("of somebody else's order, or of none, is not found", () => {
    const stranger = { ...cancelOrder, data: { customerId: orderId } };
    given(...happyPath)
      .when(stranger)
      .isRefused('ordering.orderNotFound');
    given().when(cancelOrder).isRefused('ordering.orderNotFound');
  });
  it('is not needed: shipping may find that there is nowhere to send it', () =>
    given(...until(orderConfirmed))
      .when(record(shipmentCancelled))
      .emits(shipmentCancelled, cancelled));
});

describe('a person', () => {
  it('may have the last request said again', () =>
    given(...until(stockReserved))
      .when(retry)
      .emits({
        type: 'CheckoutRetried',
        data: { step: 'awaitingPayment', send: ['authorisePayment'] },
      }));
  it('may give up an order that has not been confirmed', () =>
    given(orderPlaced)
      .when(abandon)
      .emits(
        { type: 'CheckoutAbandoned', data: { step: 'placed' } },
        { type: 'OrderRejected', data: { orderId, reason: 'abandoned', undo: ['releaseStock'] } },
      ));
  it('asks shipping when it was confirmed', () =>
    given(...until(orderConfirmed))
      .when(abandon)
      .emits({ type: 'CheckoutAbandoned', data: { step: 'confirmed' } }, cancellationRequested));
  it('may not give up what has left', () =>
    given(...until(shipmentDispatched))
      .when(abandon)
      .isRefused('ordering.abandonmentTooLate'));
  it.each([retry, abandon])('has nothing to $type in an order that has ended', (command) =>
    given(...happyPath)
      .when(command)
      .isRefused('ordering.noOpenCheckout'),
  );
});

describe('an answer for an unknown order', () => {
  it.each(happyPath.filter(({ data }) => 'origin' in data))('($type) changes nothing', (reply) =>
    given().when(record(reply)).emitsNothing(),
  );
});
