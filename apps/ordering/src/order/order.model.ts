import { AMOUNT_MINOR_MAX } from '@fieldguide/contracts/money';
import type { Decider } from '@fieldguide/event-store';
import { stepDuring } from '../checkout/checkout.model.ts';
import { errors } from './order.errors.ts';
import type { OrderCommand, OrderEvent, Placed } from './order.events.ts';
import {
  about,
  cancelled,
  enter,
  type Order,
  openStep,
  rejected,
  stepOf,
  toSend,
  undone,
  waits,
} from './order-state.model.ts';

// Answers may come twice, late or for no order of ours: in a step that does not wait for them they change nothing.
export const order: Decider<Order, OrderCommand, OrderEvent> = {
  name: 'order',
  initial: { status: 'none', undoing: [], isOverdue: false },

  decide: {
    PlaceOrder: (wish, order) => {
      if (order.status !== 'none') {
        if (!sameWish(wish, order.placed!)) throw errors.idempotencyKeyReused();
        return [];
      }
      // No contract carries a greater amount: such an order could be neither paid nor undone.
      if (wish.total.amountMinor > AMOUNT_MINOR_MAX) throw errors.totalTooHigh();
      return [{ type: 'OrderPlaced', data: wish }];
    },
    CancelOrder: ({ customerId }, order) => {
      if (order.placed?.customerId !== customerId) throw errors.orderUnknown();
      switch (order.status) {
        case 'placed':
        case 'awaitingPayment':
          return [cancelled(order, 'late')];
        case 'confirmed':
          return [{ type: 'CancellationRequested', data: about(order) }];
        case 'cancelling':
        case 'cancelled':
          return [];
        case 'rejected':
          throw errors.alreadyRejected();
        default:
          throw errors.alreadyDispatched();
      }
    },

    NoteStockReserved: (fact, order) =>
      waits(order, 'StockReserved') ? [{ type: 'StockReserved', data: fact }] : [],
    NoteStockRefused: (fact, order) =>
      waits(order, 'StockRefused')
        ? [{ type: 'StockRefused', data: fact }, rejected(order, 'outOfStock', 'refused')]
        : [],
    NotePaymentAuthorised: (fact, order) =>
      waits(order, 'PaymentAuthorised')
        ? [
            { type: 'PaymentAuthorised', data: fact },
            { type: 'OrderConfirmed', data: about(order) },
          ]
        : [],
    NotePaymentDeclined: (fact, order) =>
      waits(order, 'PaymentDeclined')
        ? [{ type: 'PaymentDeclined', data: fact }, rejected(order, fact.reason, 'refused')]
        : [],
    NoteShipmentDispatched: (fact, order) =>
      waits(order, 'ShipmentDispatched') ? [{ type: 'ShipmentDispatched', data: fact }] : [],
    NoteShipmentCancelled: (fact, order) =>
      waits(order, 'ShipmentCancelled')
        ? [{ type: 'ShipmentCancelled', data: fact }, cancelled(order, 'refused')]
        : [],
    NotePaymentCaptured: (fact, order) =>
      waits(order, 'PaymentCaptured')
        ? [
            { type: 'PaymentCaptured', data: fact },
            { type: 'OrderCompleted', data: about(order) },
          ]
        : [],
    NoteStockReleased: (fact, order) =>
      order.undoing.includes('releaseStock') ? [{ type: 'StockReleased', data: fact }] : [],
    NotePaymentVoided: (fact, order) =>
      order.undoing.includes('voidPayment') ? [{ type: 'PaymentVoided', data: fact }] : [],

    PassDeadline: ({ step }, order) => {
      if (stepOf(order) !== step) return []; // an answer was faster
      const late = stepDuring(order.status)?.late ?? 'overdue';
      if (late !== 'overdue')
        return [{ type: 'DeadlinePassed', data: { step } }, rejected(order, late, 'late')];
      const type = order.isOverdue ? 'CheckoutRetried' : 'CheckoutOverdue';
      return [{ type, data: { step, send: toSend(order) } }];
    },
    RetryCheckout: (_, order) => [
      { type: 'CheckoutRetried', data: { step: openStep(order), send: toSend(order) } },
    ],
    AbandonCheckout: (_, order) => {
      const step = openStep(order);
      const abandoned = { type: 'CheckoutAbandoned', data: { step } } as const;
      if (step === 'placed' || step === 'awaitingPayment')
        return [abandoned, rejected(order, 'abandoned', 'late')];
      if (step === 'confirmed')
        return [abandoned, { type: 'CancellationRequested', data: about(order) }];
      throw errors.canOnlyBeFinished();
    },
  },

  evolve: {
    OrderPlaced: (order, placed) => ({ ...order, status: 'placed', placed }),
    StockReserved: (order) => enter(order, 'awaitingPayment'),
    StockRefused: (order) => order,
    StockReleased: (order) => undone(order, 'releaseStock'),
    PaymentAuthorised: (order) => order,
    PaymentDeclined: (order) => order,
    PaymentVoided: (order) => undone(order, 'voidPayment'),
    OrderConfirmed: (order) => enter(order, 'confirmed'),
    CancellationRequested: (order) => enter(order, 'cancelling'),
    ShipmentCancelled: (order) => order,
    ShipmentDispatched: (order) => enter(order, 'dispatched'),
    PaymentCaptured: (order) => order,
    OrderCompleted: (order) => enter(order, 'completed'),
    OrderRejected: (order, { undo }) => ({ ...enter(order, 'rejected'), undoing: undo }),
    OrderCancelled: (order, { undo }) => ({ ...enter(order, 'cancelled'), undoing: undo }),
    DeadlinePassed: (order) => order,
    CheckoutOverdue: (order) => ({ ...order, isOverdue: true }),
    CheckoutRetried: (order) => order,
    CheckoutAbandoned: (order) => order,
  },
};

/** The same order again? Prices may have changed since; what the customer asked for may not. */
export function sameWish(
  a: Pick<Placed, 'lines' | 'paymentToken'>,
  b: Pick<Placed, 'lines' | 'paymentToken'>,
): boolean {
  const asked = ({ lines, paymentToken }: typeof a) =>
    JSON.stringify([paymentToken, lines.map(({ productId, quantity }) => [productId, quantity])]);
  return asked(a) === asked(b);
}
