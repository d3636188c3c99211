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

export const transitionTo = (order: Order, status: OrderStatus): Order => ({
  ...order,
  status,
  isOverdue: false,
});

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
