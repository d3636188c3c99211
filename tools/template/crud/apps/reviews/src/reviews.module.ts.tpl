import { Module } from '@nestjs/common';
import { ReviewsController } from './review/reviews.controller.ts';
import { Reviews } from './review/reviews.ts';

@Module({ controllers: [ReviewsController], providers: [Reviews] })
export class ReviewsModule {}
