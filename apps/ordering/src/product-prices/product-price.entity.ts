import type { Money } from '@fieldguide/contracts/money';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The catalog's prices as ordering heard them. */
@Entity('product_prices')
export class ProductPrice {
  @PrimaryColumn('uuid', { name: 'product_id' }) productId!: string;
  @Column('text') name!: string;
  @Column('jsonb') price!: Money;
  @Column('bool') retired!: boolean;
  /** The catalog's; a smaller one that comes late is older news. */
  @Column('int') revision!: number;
  @Column('int') version = 0;
}
