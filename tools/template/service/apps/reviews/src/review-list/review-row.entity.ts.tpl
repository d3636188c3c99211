import type { Review } from '@fieldguide/contracts/reviews';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('reviews')
export class ReviewRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') text!: string;
  @Column('text') status: Review['status'] = 'open';
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('int') version = 0;

  toPublic(): Review {
    const { id, text, status, createdAt } = this;
    return { id, text, status, createdAt: createdAt.toISOString() };
  }
}
