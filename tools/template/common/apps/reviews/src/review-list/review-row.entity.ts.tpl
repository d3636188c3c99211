import type { Review as PublicReview } from '@fieldguide/contracts/reviews';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('reviews')
export class Review {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') text!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('int') version = 0;

  toPublic(): PublicReview {
    return { id: this.id, text: this.text, createdAt: this.createdAt.toISOString() };
  }
}
