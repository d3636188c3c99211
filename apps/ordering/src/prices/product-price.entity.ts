import type { Money } from '@fieldguide/contracts/money';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Ordering's copy of the catalog's prices. */
@Entity('product_prices')
export class ProductPrice {
  @PrimaryColumn('uuid', { name: 'product_id' }) productId!: string;
  @Column('text') name!: string;
  @Column('jsonb') price!: Money;
  @Column('bool') retired!: boolean;
  /** The catalog's revision; a smaller one that arrives late is ignored. */
  @Column('int') revision!: number;
  @Column('int') version = 0;
}
