import { defineService } from '@fieldguide/service';
import { ReviewsTables1760000002000 } from '../migrations/1760000002000-reviews-tables.ts';
import { ChangedProducts1760000002001 } from '../migrations/1760000002001-changed-products.ts'; // with --consumes
import { ChangedProduct } from './on-product-changed/changed-product.entity.ts'; // with --consumes
import { ReviewRow } from './review-list/review-row.entity.ts';
import { ReviewsConfig } from './reviews.config.ts';
import { ReviewsModule } from './reviews.module.ts';

export const reviews = defineService({
  name: 'reviews',
  config: ReviewsConfig,
  module: ReviewsModule,
  database: {
    entities: [
      ReviewRow,
      ChangedProduct, // with --consumes
    ],
    migrations: [
      ReviewsTables1760000002000,
      ChangedProducts1760000002001, // with --consumes
    ],
  },
});
