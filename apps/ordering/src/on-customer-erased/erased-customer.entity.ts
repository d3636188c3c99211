import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody who is to be forgotten: what comes later under this id is refused, or erased again. */
@Entity('erased_customers')
export class ErasedCustomer {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('timestamptz', { name: 'erased_at' }) erasedAt!: Date;
  /** When to look once more, for an order that was being placed in that very moment. */
  @Column('timestamptz', { name: 'sweep_due_at', nullable: true }) sweepDueAt: Date | null = null;
  @Column('int') version = 0;
}
