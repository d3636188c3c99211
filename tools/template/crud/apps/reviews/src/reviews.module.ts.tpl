import { Module } from '@nestjs/common';
import { OnProductChanged } from './on-product-changed/on-product-changed.ts'; // with --consumes
import { ReviewsController } from './review/reviews.controller.ts';
import { Reviews } from './review/reviews.ts';
import { ReviewList } from './review-list/review-list.ts';

/** The map of the service: controllers, message handlers, providers. */
@Module({
  controllers: [
    ReviewsController,
    OnProductChanged, // with --consumes
  ],
  providers: [Reviews, ReviewList],
})
export class ReviewsModule {}
