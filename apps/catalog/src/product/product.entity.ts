import type { Category, Product as PublicProduct } from '@fieldguide/contracts/catalog';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('products')
export class Product {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') sku!: string;
  @Column('text') name!: string;
  @Column('text') description!: string;
  @Column('text') category!: Category;
  /** PostgreSQL's bigint comes as text. */
  @Column('bigint', { name: 'price_minor' }) priceMinor!: string;
  @Column('char', { length: 3 }) currency!: string;
  @Column('bool') retired = false;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('int') version = 0;

  toPublic(): PublicProduct {
    const { id, sku, name, description, category, currency, retired } = this;
    const price = { amountMinor: Number(this.priceMinor), currency };
    return {
      id,
      sku,
      name,
      description,
      category,
      price,
      retired,
      updatedAt: this.updatedAt.toISOString(),
    };
  }
}
