import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { MemoryEventStore, runBatch } from '@fieldguide/event-store/parts';
import { recordedAs } from '@fieldguide/event-store/testing';
import { expect, it } from 'vitest';
import { reviewAdded, reviewClosed, reviewId } from '../review/review.examples.ts';
import { reviewList, rowAfter } from './review-list.projection.ts';
import { ReviewRow } from './review-row.entity.ts';

it('shows that a review was closed', () => {
  const events = recordedAs(`review-${reviewId}`, [reviewAdded, reviewClosed]);
  expect(rowAfter(events.slice(0, 1))).toMatchObject({ text: 'As described.', status: 'open' });
  expect(rowAfter(events)).toMatchObject({ id: reviewId, status: 'closed' });
});

it('follows the log', async () => {
  const [clock, ids] = [new SystemClock(), new SystemIds()];
  const events = new MemoryEventStore(clock, ids);
  const units = new MemoryUnitOfWorkRunner({ service: 'reviews', clock, ids });
  await events.append({ stream: `review-${reviewId}`, expected: 0, events: [reviewAdded] });
  await runBatch(reviewList, events, units);
  const row = await units.run((uow) => uow.load(ReviewRow, reviewId));
  expect(row).toMatchObject({ text: 'As described.', status: 'open' });
});
