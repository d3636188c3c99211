import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StepName } from '../checkout/checkout.model.ts';

/** An order that waits for something, and until when. Written with the events; gone when nothing is left to do. */
@Entity('open_checkouts')
export class OpenCheckout {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('text') step!: StepName;
  @Column('timestamptz', { name: 'waits_since' }) waitsSince!: Date;
  /** When the step is late; whoever takes it up moves it on. */
  @Column('timestamptz', { name: 'deadline_at' }) deadlineAt!: Date;
  /** Listed for a person since then. */
  @Column('timestamptz', { name: 'overdue_since', nullable: true }) overdueSince: Date | null =
    null;
  @Column('int') retries = 0;
  @Column('int') version = 0;
}
