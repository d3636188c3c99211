import type { UnitOfWork } from '@fieldguide/database';
import { type CommandResult, EventStore, type LoadedStream } from '@fieldguide/event-store';
import { linkTo } from '@fieldguide/telemetry';
import { Injectable } from '@nestjs/common';
import { CheckoutDeadlines } from '../checkout/checkout-deadlines.ts';
import { observeDuration } from '../checkout/checkout-duration.ts';
import type { OrderCommand, OrderEvent } from './order.events.ts';
import { order } from './order.model.ts';
import { type Order, stepOf } from './order-state.model.ts';

export type LoadedOrder = LoadedStream<Order, OrderEvent>;

export interface HandleOptions {
  /** The person who sent the command, if any. */
  readonly actor?: string;
  /** The stream, when the caller has read it already; otherwise it is read here. */
  readonly loaded?: LoadedOrder;
}

/**
 * Handles every command to an order: its events and the row with its deadline commit together. So no order waits
 * without a deadline, and any instance can expire it.
 */
@Injectable()
export class OrderCommandHandler {
  constructor(
    private readonly events: EventStore,
    private readonly deadlines: CheckoutDeadlines,
  ) {}

  load(orderId: string, tx?: UnitOfWork): Promise<LoadedOrder> {
    return this.events.load(order, orderId, tx);
  }

  /**
   * Decides, appends at the version that was read, and reschedules the deadline.
   * @throws DomainError
   * @throws WrongExpectedVersionError when the order has changed since it was read
   */
  async handle(
    orderId: string,
    command: OrderCommand,
    tx: UnitOfWork,
    { actor, loaded }: HandleOptions = {},
  ): Promise<CommandResult<Order, OrderEvent>> {
    const before = loaded ?? (await this.load(orderId, tx));
    continueOrder(before, tx);
    const after = await this.events.execute(order, before, command, {
      tx,
      ...(actor && { actor }),
    });
    // The row is stale: an instance without deadlines has advanced the order.
    const isOutOfStep = after.appended.length === 0 && command.type === 'ExpireDeadline';
    if (after.appended.length > 0 || isOutOfStep)
      await this.deadlines.reschedule(orderId, progressOf(after), tx);
    tx.afterCommit(() => observeDuration(after));
    return after;
  }
}

/** Continues the order's correlation for a command of a person or a deadline, and links the person's request to it. */
function continueOrder({ events }: LoadedOrder, tx: UnitOfWork): void {
  const last = events.at(-1);
  if (!last || tx.causation) return;
  tx.continueFrom({ ...last, correlationid: last.correlationId });
  linkTo({ ...last });
}

function progressOf({ state, appended }: CommandResult<Order, OrderEvent>) {
  return {
    step: stepOf(state),
    isOverdue: state.isOverdue,
    isNew: appended[0]?.version === 1,
    isRetry: appended.some(({ type }) => type === 'CheckoutRetried'),
  };
}
