import type { Decider } from '@fieldguide/event-store';
import { stepOfStatus } from '../checkout/checkout.model.ts';
import { errors } from './order.errors.ts';
import type { OrderCommand, OrderEvent, Placed } from './order.events.ts';
import {
  awaits,
  cancelled,
  compensated,
  isPaidBy,
  messagesToSend,
  type Order,
  openStep,
  orderRef,
  rejected,
  stepOf,
  transitionTo,
} from './order-state.model.ts';

/** An order of more could be neither paid nor compensated: messages carry no greater amount. */
export const TOTAL_MINOR_MAX = 100_000_000_00;

// Replies may come twice, late or for an unknown order: a step that does not wait for them ignores them.
export const order: Decider<Order, OrderCommand, OrderEvent> = {
  name: 'order',
  initial: { status: 'none', pendingCompensations: [], isOverdue: false },

  decide: {
    PlaceOrder: (placed, order) => {
      if (order.status !== 'none') {
        if (!isSameRequest(placed, order.placed!)) throw errors.idempotencyKeyReused();
        return [];
      }
      if (placed.total.amountMinor > TOTAL_MINOR_MAX) throw errors.totalTooHigh();
      return [{ type: 'OrderPlaced', data: placed }];
    },
    CancelOrder: ({ customerId }, order) => {
      if (order.placed?.customerId !== customerId) throw errors.orderNotFound();
      switch (order.status) {
        case 'placed':
        case 'awaitingPayment':
          return [cancelled(order, 'timedOut')];
        case 'confirmed':
          return [{ type: 'CancellationRequested', data: orderRef(order) }];
        case 'cancelling':
        case 'cancelled':
          return [];
        case 'rejected':
          throw errors.alreadyRejected();
        default:
          throw errors.alreadyDispatched();
      }
    },

    RecordStockReserved: (reply, order) =>
      awaits(order, 'StockReserved') ? [{ type: 'StockReserved', data: reply }] : [],
    RecordStockRefused: (reply, order) =>
      awaits(order, 'StockRefused')
        ? [{ type: 'StockRefused', data: reply }, rejected(order, 'outOfStock', 'refused')]
        : [],
    RecordPaymentAuthorised: ({ amount, ...reply }, order) =>
      awaits(order, 'PaymentAuthorised') && isPaidBy(order, reply.paymentId, amount)
        ? [
            { type: 'PaymentAuthorised', data: reply },
            { type: 'OrderConfirmed', data: orderRef(order) },
          ]
        : [],
    RecordPaymentDeclined: (reply, order) =>
      awaits(order, 'PaymentDeclined')
        ? [{ type: 'PaymentDeclined', data: reply }, rejected(order, reply.reason, 'refused')]
        : [],
    RecordShipmentDispatched: (reply, order) =>
      awaits(order, 'ShipmentDispatched') ? [{ type: 'ShipmentDispatched', data: reply }] : [],
    RecordShipmentCancelled: (reply, order) =>
      awaits(order, 'ShipmentCancelled')
        ? [{ type: 'ShipmentCancelled', data: reply }, cancelled(order, 'refused')]
        : [],
    RecordPaymentCaptured: (reply, order) =>
      awaits(order, 'PaymentCaptured') && isPaidBy(order, reply.paymentId, reply.amount)
        ? [
            { type: 'PaymentCaptured', data: reply },
            { type: 'OrderCompleted', data: orderRef(order) },
          ]
        : [],
    RecordStockReleased: (reply, order) =>
      order.pendingCompensations.includes('releaseStock')
        ? [{ type: 'StockReleased', data: reply }]
        : [],
    RecordPaymentVoided: (reply, order) =>
      order.pendingCompensations.includes('voidPayment') && isPaidBy(order, reply.paymentId)
        ? [{ type: 'PaymentVoided', data: reply }]
        : [],

    ExpireDeadline: ({ step }, order) => {
      if (stepOf(order) !== step) return []; // a reply was faster
      const outcome = stepOfStatus(order.status)?.onTimeout ?? 'overdue';
      if (outcome !== 'overdue')
        return [{ type: 'DeadlinePassed', data: { step } }, rejected(order, outcome, 'timedOut')];
      const type = order.isOverdue ? 'CheckoutRetried' : 'CheckoutOverdue';
      return [{ type, data: { step, send: messagesToSend(order) } }];
    },
    RetryCheckout: (_, order) => [
      { type: 'CheckoutRetried', data: { step: openStep(order), send: messagesToSend(order) } },
    ],
    AbandonCheckout: (_, order) => {
      const step = openStep(order);
      const abandoned = { type: 'CheckoutAbandoned', data: { step } } as const;
      if (step === 'placed' || step === 'awaitingPayment')
        return [abandoned, rejected(order, 'abandoned', 'timedOut')];
      if (step === 'confirmed')
        return [abandoned, { type: 'CancellationRequested', data: orderRef(order) }];
      throw errors.abandonmentTooLate();
    },
  },

  evolve: {
    OrderPlaced: (order, placed) => ({ ...order, status: 'placed', placed }),
    StockReserved: (order) => transitionTo(order, 'awaitingPayment'),
    StockRefused: (order) => order,
    StockReleased: (order) => compensated(order, 'releaseStock'),
    PaymentAuthorised: (order, { paymentId }) => ({ ...order, paymentId }),
    PaymentDeclined: (order) => order,
    PaymentVoided: (order) => compensated(order, 'voidPayment'),
    OrderConfirmed: (order) => transitionTo(order, 'confirmed'),
    CancellationRequested: (order) => transitionTo(order, 'cancelling'),
    ShipmentCancelled: (order) => order,
    ShipmentDispatched: (order) => transitionTo(order, 'dispatched'),
    PaymentCaptured: (order) => order,
    OrderCompleted: (order) => transitionTo(order, 'completed'),
    OrderRejected: (order, { undo }) => transitionTo(order, 'rejected', undo),
    OrderCancelled: (order, { undo }) => transitionTo(order, 'cancelled', undo),
    DeadlinePassed: (order) => order,
    CheckoutOverdue: (order) => ({ ...order, isOverdue: true }),
    CheckoutRetried: (order) => order,
    CheckoutAbandoned: (order) => order,
  },
};

type Request = Pick<Placed, 'lines' | 'paymentToken'>;

/** Compares two requests for the same order; prices may have changed in between. */
export function isSameRequest(a: Request, b: Request): boolean {
  const requested = ({ lines, paymentToken }: Request) =>
    JSON.stringify([paymentToken, lines.map(({ productId, quantity }) => [productId, quantity])]);
  return requested(a) === requested(b);
}
