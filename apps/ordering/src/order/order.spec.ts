import { scenariosOf } from '@fieldguide/event-store/testing';
import { describe, it } from 'vitest';
import {
  happyPath,
  orderCompleted,
  orderConfirmed,
  orderPlaced,
  paymentAuthorised,
  paymentCaptured,
  paymentDeclined,
  placeOrder,
  rejectedOutOfStock,
  rejectedPaymentDeclined,
  shipmentDispatched,
  stockRefused,
  stockReserved,
} from './order.examples.ts';
import { type OrderCommand, order } from './order.ts';

const given = scenariosOf(order);
const note = <Fact extends { type: string; data: object }>({ type, data }: Fact) =>
  ({ type: `Note${type}`, data }) as OrderCommand;
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
  it('waits for payment when its stock is reserved', () =>
    given(orderPlaced).when(note(stockReserved)).emits(stockReserved));
  it('is rejected when it is out of stock, with nothing to undo', () =>
    given(orderPlaced).when(note(stockRefused)).emits(stockRefused, rejectedOutOfStock));
  it('is confirmed when its payment is authorised', () =>
    given(...until(stockReserved))
      .when(note(paymentAuthorised))
      .emits(paymentAuthorised, orderConfirmed));
  it('is rejected when its payment is declined, and the stock released', () =>
    given(...until(stockReserved))
      .when(note(paymentDeclined))
      .emits(paymentDeclined, rejectedPaymentDeclined));
  it('is dispatched', () =>
    given(...until(orderConfirmed))
      .when(note(shipmentDispatched))
      .emits(shipmentDispatched));
  it('is completed when its payment is captured', () =>
    given(...until(shipmentDispatched))
      .when(note(paymentCaptured))
      .emits(paymentCaptured, orderCompleted));
  it.each([
    stockReserved,
    stockRefused,
    paymentAuthorised,
    paymentDeclined,
    shipmentDispatched,
    paymentCaptured,
  ])('takes no notice of $type once it is completed', (answer) =>
    given(...happyPath)
      .when(note(answer))
      .emitsNothing(),
  );
  it('takes no notice of an answer told twice', () =>
    given(...until(stockReserved))
      .when(note(stockReserved))
      .emitsNothing());
});
