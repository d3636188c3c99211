import type { CommandResult } from '@fieldguide/event-store';
import { metrics } from '@fieldguide/telemetry';
import type { OrderEvent } from '../order/order.events.ts';
import type { Order } from '../order/order-state.model.ts';

const outcomes: Partial<Record<OrderEvent['type'], string>> = {
  OrderCompleted: 'completed',
  OrderRejected: 'rejected',
  OrderCancelled: 'cancelled',
};

const checkoutSeconds = metrics.histogram(
  'checkout_duration_seconds',
  'Time from placing an order to its end, by outcome: completed, rejected, timedOut, cancelled',
  ['outcome'],
  [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 86_400],
);

/** Records the duration of a checkout when a command has ended it. */
export function observeDuration({ events, appended }: CommandResult<Order, OrderEvent>): void {
  const isTimeout = appended.some(({ type }) => type === 'DeadlinePassed');
  for (const { type, time } of appended) {
    if (!outcomes[type]) continue;
    const outcome = isTimeout ? 'timedOut' : outcomes[type];
    const seconds = (time.getTime() - events[0]!.time.getTime()) / 1_000;
    checkoutSeconds.observe({ outcome }, Math.max(0, seconds));
  }
}
