import type { Causation } from '@fieldguide/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type PaymentStatus =
  | 'authorising'
  | 'authorised'
  | 'declined'
  | 'capturing'
  | 'captured'
  | 'voiding'
  | 'voided';

/** The payment of one order: a state machine. In a state that ends in -ing, a call to the provider is due. */
@Entity('payments')
export class Payment {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('uuid', { name: 'payment_id' }) paymentId!: string;
  @Column('text') status!: PaymentStatus;
  @Column('bigint', { name: 'amount_minor' }) amountMinor!: string;
  @Column('char', { length: 3 }) currency!: string;
  @Column('text') token!: string;
  /** When to call the provider (again); claiming the row moves it on. */
  @Column('timestamptz', { name: 'call_due_at', nullable: true }) callDueAt: Date | null = null;
  /** Attempts of the current call; above one, the result of the last is unknown. */
  @Column('int') attempts = 0;
  /** Number of voids that the provider has to execute. */
  @Column('int') voids = 0;
  /** The message that made the next step due. */
  @Column('jsonb') cause!: Causation;
  @Column('int') version = 0;

  /** Voided before it was requested. */
  get isTombstone(): boolean {
    return this.status === 'voided' && this.voids === 0;
  }

  get amount() {
    return { amountMinor: Number(this.amountMinor), currency: this.currency };
  }
}
