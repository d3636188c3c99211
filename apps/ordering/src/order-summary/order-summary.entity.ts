import type { Money } from '@fieldguide/contracts/money';
import type {
  Order,
  OrderLine,
  OrderStatus,
  RejectionReason,
} from '@fieldguide/contracts/ordering';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('order_summary')
export class OrderSummary {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('text') status!: OrderStatus;
  @Column('text', { name: 'status_reason', nullable: true }) statusReason: RejectionReason | null =
    null;
  @Column('jsonb') lines!: readonly OrderLine[];
  @Column('jsonb') total!: Money;
  @Column('text', { name: 'payment_status' }) paymentStatus: Order['payment']['status'] = 'none';
  @Column('jsonb', { nullable: true }) shipment: Order['shipment'] = null;
  @Column('timestamptz', { name: 'placed_at' }) placedAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  /** Version of the last applied event. */
  @Column('int', { name: 'stream_version' }) streamVersion = 0;
  @Column('int') version = 0;

  toPublic(): Order {
    return {
      id: this.orderId,
      customerId: this.customerId,
      status: this.status,
      ...(this.statusReason && { statusReason: this.statusReason }),
      lines: [...this.lines],
      total: this.total,
      payment: { status: this.paymentStatus },
      shipment: this.shipment,
      placedAt: this.placedAt.toISOString(),
      updatedAt: this.updatedAt.toISOString(),
    };
  }
}
