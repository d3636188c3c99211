import { type UnitOfWork } from '@fieldguide/database';
import { Injectable } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { errors } from '../order/order.errors.ts';
import { OrderingConfig } from '../ordering.config.ts';
import { deadlineOf, type StepName } from './checkout.model.ts';

/** The deadline of an order's current step. Written in the transaction of the events; deleted when the checkout is done. */
@Entity('open_checkouts')
export class OpenCheckout {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('text') step!: StepName;
  @Column('timestamptz', { name: 'waits_since' }) waitsSince!: Date;
  /** When the step times out; claiming the row moves it on. */
  @Column('timestamptz', { name: 'deadline_at' }) deadlineAt!: Date;
  /** Listed for operators since then. */
  @Column('timestamptz', { name: 'overdue_since', nullable: true }) overdueSince: Date | null =
    null;
  @Column('int') retries = 0;
  @Column('int') version = 0;
}

/** What a command has changed about a checkout. */
export interface CheckoutProgress {
  /** What the order waits for now; undefined when the checkout is done. */
  readonly step: StepName | undefined;
  readonly isOverdue: boolean;
  readonly isNew: boolean;
  readonly isRetry: boolean;
}

/** Keeps a row with the deadline of each open checkout. Knows rows, not streams: the command handler passes the progress. */
@Injectable()
export class CheckoutDeadlines {
  constructor(private readonly config: OrderingConfig) {}

  /** Begins the deadline of the current step again, or deletes the row when there is none. */
  async reschedule(
    orderId: string,
    { step, isOverdue, isNew, isRetry }: CheckoutProgress,
    tx: UnitOfWork,
  ): Promise<void> {
    const earlier = isNew ? undefined : await tx.load(OpenCheckout, orderId);
    if (!step) {
      if (earlier) await tx.delete(OpenCheckout, earlier);
      return;
    }
    const row = earlier ?? Object.assign(new OpenCheckout(), { orderId });
    const now = await tx.databaseTime();
    if (row.step !== step) Object.assign(row, { step, waitsSince: now, retries: 0 });
    row.overdueSince = isOverdue ? (row.overdueSince ?? now) : null;
    if (isRetry) row.retries += 1;
    row.deadlineAt = new Date(now.getTime() + this.config[deadlineOf[step]]);
    await tx.save(OpenCheckout, row);
  }

  /** Expires the deadline of this order now. @throws DomainError noOpenCheckout */
  async expire(orderId: string, tx: UnitOfWork): Promise<void> {
    const row = await tx.load(OpenCheckout, orderId);
    if (!row) throw errors.noOpenCheckout();
    await tx.save(OpenCheckout, Object.assign(row, { deadlineAt: await tx.databaseTime() }));
    // Otherwise deadlines are polled.
    tx.notify('deadlines');
  }
}
