import { Notifier, type UnitOfWork } from '@fieldguide/database';
import { type CommandResult, EventStore } from '@fieldguide/event-store';
import { Injectable } from '@nestjs/common';
import { deadlineOf } from '../checkout/checkout.model.ts';
import { OpenCheckout } from '../checkout/open-checkout.entity.ts';
import { OrderingConfig } from '../ordering.config.ts';
import type { OrderCommand, OrderEvent } from './order.events.ts';
import { order } from './order.model.ts';
import { type Order, stepOf } from './order-state.model.ts';

/**
 * Handles every command to an order: its events and the row with its deadline commit together. So no order waits
 * without a deadline, and any instance can expire it.
 */
@Injectable()
export class OpenCheckouts {
  constructor(
    private readonly events: EventStore,
    private readonly config: OrderingConfig,
    private readonly notifier: Notifier,
  ) {}

  /**
   * @param actor the person who sent the command, if any
   * @throws DomainError
   */
  async handle(
    orderId: string,
    command: OrderCommand,
    tx: UnitOfWork,
    actor?: string,
  ): Promise<CommandResult<Order, OrderEvent>> {
    if (!tx.causation && command.type !== 'PlaceOrder') await this.#continueTrace(orderId, tx);
    const handled = await this.events.handle(order, orderId, command, {
      tx,
      ...(actor && { actor }),
    });
    // The row is stale: an instance without deadlines has advanced the order.
    const isOutOfStep = handled.appended.length === 0 && command.type === 'ExpireDeadline';
    if (handled.appended.length > 0 || isOutOfStep) await this.#reschedule(orderId, handled, tx);
    return handled;
  }

  /** Wakes a worker up; otherwise deadlines are polled. */
  wakeUp(): void {
    this.notifier.notify('deadlines');
  }

  /** Continues the order's trace and correlation for a command of a person or a deadline. */
  async #continueTrace(orderId: string, tx: UnitOfWork): Promise<void> {
    const events = await this.events.read(`order-${orderId}`, { tx });
    const last = events.at(-1);
    if (last) tx.continueFrom({ ...last, correlationid: last.correlationId });
  }

  async #reschedule(
    orderId: string,
    { appended, state }: CommandResult<Order, OrderEvent>,
    tx: UnitOfWork,
  ): Promise<void> {
    const step = stepOf(state);
    const isNew = appended[0]?.type === 'OrderPlaced';
    const earlier = isNew ? undefined : await tx.load(OpenCheckout, orderId);
    if (!step) {
      if (earlier) await tx.remove(OpenCheckout, { orderId });
      return;
    }
    const row = earlier ?? Object.assign(new OpenCheckout(), { orderId });
    const now = await tx.databaseTime();
    if (row.step !== step) Object.assign(row, { step, waitsSince: now, retries: 0 });
    row.overdueSince = state.isOverdue ? (row.overdueSince ?? now) : null;
    if (appended.some(({ type }) => type === 'CheckoutRetried')) row.retries += 1;
    row.deadlineAt = new Date(now.getTime() + this.config[deadlineOf[step]]);
    await tx.save(OpenCheckout, row);
  }
}
