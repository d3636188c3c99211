import { Ids } from '@fieldguide/clock';
import type { AddReviewRequest } from '@fieldguide/contracts/reviews';
import { EventStore } from '@fieldguide/event-store';
import { Injectable } from '@nestjs/common';
import { rowAfter } from '../review-list/review-list.projection.ts';
import type { ReviewRow } from '../review-list/review-row.entity.ts';
import { errors } from './review.errors.ts';
import type { ReviewCommand } from './review.events.ts';
import { review } from './review.model.ts';

/** Loads a stream, decides and appends; the model has the rules. */
@Injectable()
export class Reviews {
  constructor(
    private readonly events: EventStore,
    private readonly ids: Ids,
  ) {}

  /**
   * Reads the stream: current also while the projection lags.
   * @throws DomainError reviewNotFound
   */
  async one(id: string): Promise<ReviewRow> {
    const events = await this.events.read(`review-${id}`);
    if (events.length === 0) throw errors.reviewNotFound();
    return rowAfter(events);
  }

  add({ text }: AddReviewRequest, id = this.ids.next()): Promise<ReviewRow> {
    return this.#handle(id, { type: 'AddReview', data: { text } });
  }

  /** @throws DomainError reviewNotFound */
  close(id: string): Promise<ReviewRow> {
    return this.#handle(id, { type: 'CloseReview', data: {} });
  }

  async #handle(id: string, command: ReviewCommand): Promise<ReviewRow> {
    await this.events.handle(review, id, command);
    return this.one(id);
  }
}
