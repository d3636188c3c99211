import { type Projection, type RecordedEvent } from '@fieldguide/event-store';
import { applyEvents } from '@fieldguide/event-store/parts';
import type { ReviewEvent } from '../review/review.events.ts';
import { ReviewRow } from './review-row.entity.ts';

/** One row for each review, from its events alone. */
export const reviewList: Projection<ReviewRow, ReviewEvent> = {
  name: 'review-list',
  table: ReviewRow,
  key: 'id',
  rowOf: ({ stream }) => stream.slice('review-'.length),
  initial: (id) => Object.assign(new ReviewRow(), { id }),
  on: {
    ReviewAdded: (row, { data: { text }, time }) =>
      Object.assign(row, { text, createdAt: time }),
    ReviewClosed: (row) => Object.assign(row, { status: 'closed' }),
  },
};

/** Returns the row that these events of one review lead to, without the projection's table. */
export function rowAfter(events: readonly RecordedEvent[]): ReviewRow {
  const rows = new Map<string, ReviewRow>();
  const [id] = applyEvents(reviewList, events, rows);
  return rows.get(id!)!;
}
