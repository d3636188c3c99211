import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `released` before anything was reserved is a tombstone: the request that comes later is refused. */
export type ReservationStatus = 'reserved' | 'refused' | 'released' | 'shipped';

export interface ReservedLine {
  readonly productId: string;
  readonly quantity: number;
}

/** The stock reserved for one order: a small state machine. */
@Entity('reservations')
export class Reservation {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('text') status!: ReservationStatus;
  @Column('jsonb') lines!: readonly ReservedLine[];
  @Column('int') version = 0;
}
