import { defineService } from '@fieldguide/service';
import { ReviewsTables1760000002000 } from '../migrations/1760000002000-reviews-tables.ts';
import { Review } from './review/review.entity.ts';
import { ReviewsConfig } from './reviews.config.ts';
import { ReviewsModule } from './reviews.module.ts';

export const reviews = defineService({
  name: 'reviews',
  config: ReviewsConfig,
  module: ReviewsModule,
  database: { entities: [Review], migrations: [ReviewsTables1760000002000] },
});
