import type { OrderStatus, RejectionReason } from '@fieldguide/contracts/ordering';
import { type Request, type StepName, stepDuring, type Undo } from '../checkout/checkout.model.ts';
import { errors } from './order.errors.ts';
import type { OrderEvent, Placed } from './order.events.ts';

/** `status` is the checkout's step that is waited for, or how it ended. */
export interface Order {
  readonly status: OrderStatus | 'none';
  readonly placed?: Placed;
  /** What was asked to be undone and was not yet said to be. */
  readonly undoing: readonly Undo[];
  /** The present step has been listed for a person. */
  readonly isOverdue: boolean;
}

/** What an order waits for; undefined when nothing is left to do. */
export function stepOf({ status, undoing }: Order): StepName | undefined {
  return stepDuring(status)?.during ?? (undoing.length > 0 ? 'undoing' : undefined);
}

export const about = ({ placed }: Order) => ({ orderId: placed!.orderId });

export const waits = ({ status }: Order, type: string) =>
  stepDuring(status)?.waitsFor.includes(type) ?? false;

export const enter = (order: Order, status: OrderStatus): Order => ({
  ...order,
  status,
  isOverdue: false,
});

export const undone = (order: Order, what: Undo): Order => ({
  ...order,
  undoing: order.undoing.filter((each) => each !== what),
});

export function rejected(
  order: Order,
  reason: RejectionReason,
  how: 'refused' | 'late',
): OrderEvent {
  const undo = stepDuring(order.status)!.undo[how];
  return { type: 'OrderRejected', data: { ...about(order), reason, undo } };
}

export function cancelled(order: Order, how: 'refused' | 'late'): OrderEvent {
  const undo = stepDuring(order.status)!.undo[how];
  return { type: 'OrderCancelled', data: { ...about(order), undo } };
}

export function openStep(order: Order): StepName {
  if (order.status === 'none') throw errors.orderUnknown();
  const step = stepOf(order);
  if (!step) throw errors.nothingLeftToDo();
  return step;
}

export function toSend({ status, undoing }: Order): readonly Request[] {
  const step = stepDuring(status);
  return step ? [step.send] : undoing;
}
