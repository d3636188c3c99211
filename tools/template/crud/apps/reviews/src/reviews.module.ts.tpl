import { DatabaseModule } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { ReviewsTables1760000002000 } from '../migrations/1760000002000-reviews-tables.ts';
import { ChangedProducts1760000002001 } from '../migrations/1760000002001-changed-products.ts'; // with --consumes
import { ChangedProduct } from './on-product-changed/changed-product.entity.ts'; // with --consumes
import { OnProductChanged } from './on-product-changed/on-product-changed.ts'; // with --consumes
import { ReviewsController } from './review/reviews.controller.ts';
import { Reviews } from './review/reviews.ts';
import { ReviewList } from './review-list/review-list.ts';
import { ReviewRow } from './review-list/review-row.entity.ts';

/** The map of the service: patterns, controllers, message handlers, providers. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'reviews' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({
      entities: [
        ReviewRow,
        ChangedProduct, // with --consumes
      ],
      migrations: [
        ReviewsTables1760000002000,
        ChangedProducts1760000002001, // with --consumes
      ],
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot(),
  ],
  controllers: [
    ReviewsController,
    OnProductChanged, // with --consumes
  ],
  providers: [Reviews, ReviewList],
})
export class ReviewsModule {}
