import type { Causation } from '@fieldguide/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `cancelled` before anything was confirmed is a tombstone: the confirmation that comes later ships nothing. */
export type ShipmentStatus = 'waiting' | 'dispatched' | 'cancelled';

/** The shipment of one order. The address is not stored: it is fetched at dispatch. */
@Entity('shipments')
export class Shipment {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('uuid', { name: 'shipment_id' }) shipmentId!: string;
  @Column('text') status!: ShipmentStatus;
  @Column('timestamptz', { name: 'dispatch_due_at', nullable: true }) dispatchDueAt: Date | null =
    null;
  @Column('timestamptz', { name: 'dispatched_at', nullable: true }) dispatchedAt: Date | null =
    null;
  @Column('text', { name: 'tracking_number', nullable: true }) trackingNumber: string | null = null;
  /** The message that made the next step due. */
  @Column('jsonb') cause!: Causation;
  @Column('int') version = 0;
}
