import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Tombstone of an erased customer: later requests under this id are rejected, later rows erased. */
@Entity('erased_customers')
export class ErasedCustomer {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('timestamptz', { name: 'erased_at' }) erasedAt!: Date;
  /** When to sweep again, for an order that was being placed at the same moment. */
  @Column('timestamptz', { name: 'sweep_due_at', nullable: true }) sweepDueAt: Date | null = null;
  @Column('int') version = 0;
}
