import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StepName } from './checkout.model.ts';

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
