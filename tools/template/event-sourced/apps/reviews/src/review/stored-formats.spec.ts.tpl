import 'reflect-metadata';
import { join } from 'node:path';
import { Review } from '@fieldguide/contracts/reviews';
import { replay } from '@fieldguide/event-store';
import { recordedAs, storedFormatsContract } from '@fieldguide/event-store/testing';
import { rowAfter } from '../review-list/review-list.projection.ts';
import { type ReviewEvent, reviewEvents } from './review.events.ts';
import { reviewAdded, reviewClosed, reviewId } from './review.examples.ts';
import { review } from './review.model.ts';

storedFormatsContract<ReviewEvent>({
  folder: join(import.meta.dirname, 'stored'),
  schemas: reviewEvents,
  upcasters: {},
  examples: [reviewAdded, reviewClosed],
  loads: (event) => {
    const history = event.type === 'ReviewAdded' ? [event] : [reviewAdded, event];
    replay(review, history);
    Review.parse(rowAfter(recordedAs(`review-${reviewId}`, history)).toPublic());
  },
});
