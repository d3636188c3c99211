import type { OrderStatus, RejectionReason } from '@fieldguide/contracts/ordering';
import {
  type CheckoutMessage,
  type Compensation,
  type StepName,
  stepOfStatus,
} from '../checkout/checkout.model.ts';
import { errors } from './order.errors.ts';
import type { OrderEvent, Placed } from './order.events.ts';

/** `status` is the checkout's current step, or how it ended. */
export interface Order {
  readonly status: OrderStatus | 'none';
  readonly placed?: Placed;
  /** The payment that was authorised. */
  readonly paymentId?: string;
  /** Compensations that were sent and have no reply yet. */
  readonly pendingCompensations: readonly Compensation[];
  /** The current step is listed for operators. */
  readonly isOverdue: boolean;
}

/** Returns the step that an order waits for; undefined when the checkout is done. */
export function stepOf({ status, pendingCompensations }: Order): StepName | undefined {
  return (
    stepOfStatus(status)?.whileStatus ?? (pendingCompensations.length > 0 ? 'undoing' : undefined)
  );
}

export const orderRef = ({ placed }: Order) => ({ orderId: placed!.orderId });

export const awaits = ({ status }: Order, type: string) =>
  stepOfStatus(status)?.waitsFor.includes(type) ?? false;

/**
 * Returns true: a reply has to speak of what this order pays. The second lock behind the broker's access control.
 * @param paymentId any, until a payment is authorised: payments chooses it
 * @throws DomainError; the message is parked, and the order stays as it is
 */
export function isPaidBy(
  { placed, paymentId: authorised }: Order,
  paymentId: string | null,
  amount: Placed['total'] = placed!.total,
): true {
  const { amountMinor, currency } = placed!.total;
  const isOther = authorised !== undefined && paymentId !== authorised;
  if (isOther || amount.amountMinor !== amountMinor || amount.currency !== currency)
    throw errors.paymentMismatch();
  return true;
}

export const transitionTo = (
  order: Order,
  status: OrderStatus,
  pendingCompensations = order.pendingCompensations,
): Order => ({ ...order, status, pendingCompensations, isOverdue: false });

export const compensated = (order: Order, what: Compensation): Order => ({
  ...order,
  pendingCompensations: order.pendingCompensations.filter((each) => each !== what),
});

export function rejected(
  order: Order,
  reason: RejectionReason,
  how: 'refused' | 'timedOut',
): OrderEvent {
  const undo = stepOfStatus(order.status)!.compensate[how];
  return { type: 'OrderRejected', data: { ...orderRef(order), reason, undo } };
}

export function cancelled(order: Order, how: 'refused' | 'timedOut'): OrderEvent {
  const undo = stepOfStatus(order.status)!.compensate[how];
  return { type: 'OrderCancelled', data: { ...orderRef(order), undo } };
}

export function openStep(order: Order): StepName {
  if (order.status === 'none') throw errors.orderNotFound();
  const step = stepOf(order);
  if (!step) throw errors.noOpenCheckout();
  return step;
}

export function messagesToSend({
  status,
  pendingCompensations,
}: Order): readonly CheckoutMessage[] {
  const step = stepOfStatus(status);
  return step ? [step.send] : pendingCompensations;
}
