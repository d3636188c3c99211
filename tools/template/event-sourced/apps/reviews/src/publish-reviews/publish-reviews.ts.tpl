import { ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import type { EventTranslation } from '@fieldguide/event-publishing';
import type { RecordedEvent } from '@fieldguide/event-store';
import { message } from '@fieldguide/messaging';
import type { ReviewEvent } from '../review/review.events.ts';

const idOf = ({ stream }: RecordedEvent) => stream.slice('review-'.length);

/** Stored events are private; only this table decides what is published. Each row also gets the stream's first event. */
export const reviewMessages: EventTranslation<ReviewEvent> = {
  ReviewAdded: (event) => {
    const reviewId = idOf(event);
    return [message(ReviewAdded, reviewId, { reviewId, text: event.data.text })];
  },
  ReviewClosed: (event) => {
    const reviewId = idOf(event);
    return [message(ReviewClosed, reviewId, { reviewId })];
  },
};
