import { isDeepStrictEqual } from 'node:util';
import type { ShipTo } from '@fieldguide/contracts/ordering';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Personal data stays in a row that can be deleted; events only know the order. */
@Entity('delivery_addresses')
export class DeliveryAddress {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('jsonb', { name: 'ship_to' }) shipTo!: ShipTo;
  @Column('int') version = 0;

  equals(other: ShipTo): boolean {
    return isDeepStrictEqual({ ...this.shipTo }, { ...other });
  }
}
