import { AMOUNT_MINOR_MAX } from '@fieldguide/contracts/money';
import { scenariosOf } from '@fieldguide/event-store/testing';
import { describe, expect, it } from 'vitest';
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
import { order, TOTAL_MINOR_MAX } from './order.model.ts';

const given = scenariosOf(order);
const { total } = orderPlaced.data;
const record = <Reply extends { type: string; data: object }>({ type, data }: Reply) =>
  ({
    type: `Record${type}`,
    data: type === 'PaymentAuthorised' ? { amount: total, ...data } : data,
  }) as OrderCommand;
const changed = <Reply extends { data: object }>(reply: Reply, data: object) =>
  record({ ...reply, data: { ...reply.data, ...data } } as never);
const otherPayment = { paymentId: '01900000-0000-7000-8000-0000000000ff' };
const otherAmounts = [
  { amount: { ...total, amountMinor: 1 } },
  { amount: { ...total, currency: 'USD' } },
];
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
  it('has the highest total that a message may carry', () =>
    expect(TOTAL_MINOR_MAX).toBe(AMOUNT_MINOR_MAX));
  it('waits for payment when its stock is reserved', () =>
    given(orderPlaced).when(record(stockReserved)).emits(stockReserved));
  it('is rejected when it is out of stock, with nothing to compensate', () =>
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
  ])('ignores $type once it is completed', (reply) =>
    given(...happyPath)
      .when(record(reply))
      .emitsNothing(),
  );
  it.each(otherAmounts)('is not confirmed by a payment of another amount: $amount', (amount) =>
    given(...until(stockReserved))
      .when(changed(paymentAuthorised, amount))
      .isRefused('ordering.paymentMismatch'),
  );
  it.each([...otherAmounts, otherPayment])(
    'is not completed by another amount or payment: %j',
    (other) =>
      given(...until(shipmentDispatched))
        .when(changed(paymentCaptured, other))
        .isRefused('ordering.paymentMismatch'),
  );
  it('is not compensated by the void of another payment than the authorised one', () =>
    given(...until(orderConfirmed), cancellationRequested, shipmentCancelled, cancelled)
      .when(changed(paymentVoided, otherPayment))
      .isRefused('ordering.paymentMismatch'));
  it('ignores a repeated reply', () =>
    given(...until(stockReserved))
      .when(record(stockReserved))
      .emitsNothing());
});

const expireDeadline = (step: StepName) => ({ type: 'ExpireDeadline', data: { step } }) as const;
const [retry, abandon] = [
  { type: 'RetryCheckout', data: {} },
  { type: 'AbandonCheckout', data: {} },
] as const;

describe('an order whose deadline expires', () => {
  it('is rejected without a reply about stock, and releases what may be reserved', () =>
    given(orderPlaced)
      .when(expireDeadline('placed'))
      .emits(
        { type: 'DeadlinePassed', data: { step: 'placed' } },
        {
          type: 'OrderRejected',
          data: { orderId, reason: 'stockTimeout', undo: ['releaseStock'] },
        },
      ));
  it('is rejected without a reply about the payment, and compensates everything', () =>
    given(...until(stockReserved))
      .when(expireDeadline('awaitingPayment'))
      .emits(
        { type: 'DeadlinePassed', data: { step: 'awaitingPayment' } },
        rejectedPaymentTimeout,
      ));
  it('continues when the reply was faster', () =>
    given(...until(orderConfirmed))
      .when(expireDeadline('awaitingPayment'))
      .emitsNothing());
  it('is listed for operators once after its confirmation, and retried from then on', () => {
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
  it('ignores a later reply', () =>
    given(...until(stockReserved), rejectedPaymentTimeout)
      .when(record(paymentAuthorised))
      .emitsNothing());
  it('waits for its compensations, and sends them again when that takes too long', () => {
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
  it.each([orderPlaced, stockReserved])('after $type is decided immediately', (last) => {
    const undo = last === orderPlaced ? ['releaseStock'] : ['voidPayment', 'releaseStock'];
    given(...until(last))
      .when(cancelOrder)
      .emits({ type: 'OrderCancelled', data: { orderId, undo } } as OrderEvent);
  });
  it('after the confirmation is requested from shipping, once', () => {
    given(...until(orderConfirmed))
      .when(cancelOrder)
      .emits(cancellationRequested);
    given(...until(orderConfirmed), cancellationRequested)
      .when(cancelOrder)
      .emitsNothing();
  });
  it('wins when shipping decides so, and everything is compensated', () =>
    given(...until(orderConfirmed), cancellationRequested)
      .when(record(shipmentCancelled))
      .emits(shipmentCancelled, cancelled));
  it('loses when the order is dispatched', () =>
    given(...until(orderConfirmed), cancellationRequested)
      .when(record(shipmentDispatched))
      .emits(shipmentDispatched));
  it('is rejected once the order is dispatched', () =>
    given(...until(shipmentDispatched))
      .when(cancelOrder)
      .isRefused('ordering.alreadyDispatched'));
  it('is refused for a rejected order', () =>
    given(orderPlaced, stockRefused, rejectedOutOfStock)
      .when(cancelOrder)
      .isRefused('ordering.alreadyRejected'));
  it("of another customer's order, or of none, is not found", () => {
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

describe('an operator', () => {
  it('can retry the last message', () =>
    given(...until(stockReserved))
      .when(retry)
      .emits({
        type: 'CheckoutRetried',
        data: { step: 'awaitingPayment', send: ['authorisePayment'] },
      }));
  it('can abandon an order that is not confirmed', () =>
    given(orderPlaced)
      .when(abandon)
      .emits(
        { type: 'CheckoutAbandoned', data: { step: 'placed' } },
        { type: 'OrderRejected', data: { orderId, reason: 'abandoned', undo: ['releaseStock'] } },
      ));
  it('requests the cancellation from shipping after confirmation', () =>
    given(...until(orderConfirmed))
      .when(abandon)
      .emits({ type: 'CheckoutAbandoned', data: { step: 'confirmed' } }, cancellationRequested));
  it('cannot abandon a dispatched order', () =>
    given(...until(shipmentDispatched))
      .when(abandon)
      .isRefused('ordering.abandonmentTooLate'));
  it.each([retry, abandon])('has nothing to $type in an order that has ended', (command) =>
    given(...happyPath)
      .when(command)
      .isRefused('ordering.noOpenCheckout'),
  );
});

describe('a reply for an unknown order', () => {
  it.each(happyPath.filter(({ data }) => 'origin' in data))('($type) changes nothing', (reply) =>
    given().when(record(reply)).emitsNothing(),
  );
});
