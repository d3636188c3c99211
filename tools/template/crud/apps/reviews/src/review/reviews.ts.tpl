import { Ids } from '@fieldguide/clock';
import { IdRequest } from '@fieldguide/contracts/money';
import { type AddReviewRequest, ReviewAdded, type ReviewQuery } from '@fieldguide/contracts/reviews';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { Injectable } from '@nestjs/common';
import { errors } from './review.errors.ts';
import { Review } from './review.entity.ts';

@Injectable()
export class Reviews {
  constructor(
    private readonly database: Database,
    private readonly units: UnitOfWorkRunner,
    private readonly ids: Ids,
  ) {}

  /** Sorted by id, so that a cursor stays valid while reviews are added. */
  async list({ limit, cursor }: ReviewQuery) {
    const select = this.database.source.manager
      .createQueryBuilder(Review, 'review')
      .orderBy('review.id')
      .take(limit + 1);
    if (cursor) select.where('review.id > :after', { after: readCursor(cursor) });
    const found = await select.getMany();
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((each) => each.toPublic()),
      nextCursor: found.length > limit && last ? Buffer.from(last.id).toString('base64url') : null,
    };
  }

  async one(id: string): Promise<Review> {
    const review = await this.database.source.manager.findOneBy(Review, { id });
    if (!review) throw errors.reviewNotFound();
    return review;
  }

  /** Stores the review and its message in one transaction. */
  add({ text }: AddReviewRequest): Promise<Review> {
    return this.units.run(async (uow) => {
      const values = { id: this.ids.next(), text, createdAt: uow.now() };
      const review = Object.assign(new Review(), values);
      await uow.save(Review, review);
      const { topic, type } = ReviewAdded;
      uow.publish({ topic, type, subject: review.id, data: { reviewId: review.id, text } });
      return review;
    });
  }
}

function readCursor(cursor: string): string {
  const { data: id } = IdRequest.safeParse(Buffer.from(cursor, 'base64url').toString());
  if (!id) throw errors.cursorInvalid();
  return id;
}
