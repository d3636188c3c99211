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
  /** When the provider is to be called (again); a worker that takes it moves it on. */
  @Column('timestamptz', { name: 'call_due_at', nullable: true }) callDueAt: Date | null = null;
  /** Tries of the present call that were begun; more than one: what came of the last is unknown. */
  @Column('int') attempts = 0;
  /** How often the provider has to be told to let the money go. */
  @Column('int') voids = 0;
  /** The request that made the next step due. */
  @Column('jsonb') cause!: Causation;
  @Column('int') version = 0;

  /** Voided before it was ever asked for. */
  get isTombstone(): boolean {
    return this.status === 'voided' && this.voids === 0;
  }

  get amount() {
    return { amountMinor: Number(this.amountMinor), currency: this.currency };
  }
}
