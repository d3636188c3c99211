import { Ids } from '@fieldguide/clock';
import { type AddReviewRequest, ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { publish } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';
import { ReviewRow } from '../review-list/review-row.entity.ts';
import { errors } from './review.errors.ts';

/** Each change commits together with its message in the outbox. */
@Injectable()
export class Reviews {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly ids: Ids,
  ) {}

  /** @throws DomainError reviewNotFound */
  async one(id: string): Promise<ReviewRow> {
    const row = await this.units.run((uow) => uow.load(ReviewRow, id));
    if (!row) throw errors.reviewNotFound();
    return row;
  }

  add({ text }: AddReviewRequest, id = this.ids.next()): Promise<ReviewRow> {
    return this.units.run(async (uow) => {
      const row = Object.assign(new ReviewRow(), { id, text, createdAt: uow.now() });
      await uow.save(ReviewRow, row);
      publish(uow, ReviewAdded, id, { reviewId: id, text });
      return row;
    });
  }

  /** @throws DomainError reviewNotFound */
  close(id: string): Promise<ReviewRow> {
    return this.units.run(async (uow) => {
      const [row] = await uow.lock(ReviewRow, [id]);
      if (!row) throw errors.reviewNotFound();
      if (row.status === 'closed') return row;
      row.status = 'closed';
      await uow.save(ReviewRow, row);
      publish(uow, ReviewClosed, id, { reviewId: id });
      return row;
    });
  }
}
