import { IdRequest } from '@fieldguide/contracts/money';
import type { ReviewPage, ReviewQuery } from '@fieldguide/contracts/reviews';
import { Database } from '@fieldguide/database';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { errors } from '../review/review.errors.ts';
import { ReviewRow } from './review-row.entity.ts';

@Injectable()
export class ReviewList {
  constructor(private readonly database: Database) {}

  /** Sorted by id, so that a cursor stays valid while reviews are added. */
  async page({ limit, cursor }: ReviewQuery): Promise<z.infer<typeof ReviewPage>> {
    const select = this.database.source.manager
      .createQueryBuilder(ReviewRow, 'row')
      .orderBy('row.id')
      .take(limit + 1);
    if (cursor) select.where('row.id > :after', { after: readCursor(cursor) });
    const found = await select.getMany();
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((each) => each.toPublic()),
      nextCursor: found.length > limit && last ? Buffer.from(last.id).toString('base64url') : null,
    };
  }
}

function readCursor(cursor: string): string {
  const { data: id } = IdRequest.safeParse(Buffer.from(cursor, 'base64url').toString());
  if (!id) throw errors.cursorInvalid();
  return id;
}
