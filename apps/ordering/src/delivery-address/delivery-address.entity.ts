import { isDeepStrictEqual } from 'node:util';
import type { DeliveryAddress as ShipTo } from '@fieldguide/contracts/ordering';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

/** Personal data stays in a row that can be deleted; events only know the order. */
@Entity('delivery_addresses')
export class DeliveryAddress {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('jsonb', { name: 'ship_to' }) shipTo!: z.infer<typeof ShipTo>;
  @Column('int') version = 0;

  equals(other: z.infer<typeof ShipTo>): boolean {
    return isDeepStrictEqual({ ...this.shipTo }, { ...other });
  }
}
