import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Half of what the column can hold. */
export const UNITS_MAX = 1_000_000_000;

/** Units of one product. What is reserved is still on hand, but not free. */
@Entity('stock')
export class Stock {
  @PrimaryColumn('uuid', { name: 'product_id' }) productId!: string;
  @Column('int', { name: 'on_hand_units' }) onHandUnits = 0;
  @Column('int', { name: 'reserved_units' }) reservedUnits = 0;
  @Column('int') version = 0;

  get freeUnits(): number {
    return this.onHandUnits - this.reservedUnits;
  }
}
