import { Public } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { AddReviewRequest, ReviewQuery } from '@fieldguide/contracts/reviews';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ReviewList } from '../review-list/review-list.ts';
import { Reviews } from './reviews.ts';

@Controller('reviews')
export class ReviewsController {
  constructor(
    private readonly reviews: Reviews,
    private readonly list: ReviewList,
  ) {}

  @Public()
  @Get()
  page(@Query({ schema: ReviewQuery }) query: ReviewQuery) {
    return this.list.page(query);
  }

  @Public()
  @Get(':id')
  async one(@Param('id', { schema: IdRequest }) id: string) {
    return (await this.reviews.one(id)).toPublic();
  }

  /** Needs a token of any customer or member of staff. */
  @Post()
  async add(
    @Body({ schema: AddReviewRequest }) request: AddReviewRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const review = await this.reviews.add(request);
    reply.header('location', `/reviews/${review.id}`);
    return review.toPublic();
  }

  /** Needs a token of any customer or member of staff. A repeat changes nothing. */
  @Post(':id/closure')
  @HttpCode(200)
  async close(@Param('id', { schema: IdRequest }) id: string) {
    return (await this.reviews.close(id)).toPublic();
  }
}
