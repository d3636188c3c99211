import { ProductChanged } from '@fieldguide/contracts/catalog';
import { consumes, type MessageOf } from '@fieldguide/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The fields that this service reads. They are its pact: remove what it does not need. */
export const Changed = consumes(ProductChanged, 'productId', 'name');

/** The latest ProductChanged of each subject. */
@Entity('changed_products')
export class ChangedProduct {
  @PrimaryColumn('uuid') id!: string;
  @Column('jsonb') data!: MessageOf<typeof Changed>['data'];
  @Column('timestamptz', { name: 'published_at' }) publishedAt!: Date;
  @Column('int') version = 0;
}
