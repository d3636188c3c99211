import { ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import type { Envelope, UnitOfWorkRunner } from '@fieldguide/database';
import {
  type EventStore,
  type EventTranslation,
  eventFeedReader,
  type RecordedEvent,
  translate,
} from '@fieldguide/event-store';
import { message } from '@fieldguide/messaging';
import type { ReviewEvent } from '../review/review.events.ts';

/** Name of the publisher's checkpoint. */
export const PUBLISHER = 'publish-reviews';

/** Stored events are private; only this table decides what is published. */
const reviewMessages: EventTranslation<ReviewEvent, string> = {
  ReviewAdded: ({ data: { text } }, reviewId) => [message(ReviewAdded, reviewId, { reviewId, text })],
  ReviewClosed: (_, reviewId) => [message(ReviewClosed, reviewId, { reviewId })],
};

/** Reads the messages that are not yet published; the log is the outbox. */
export const reviewsReader = (events: EventStore, units: UnitOfWorkRunner) =>
  eventFeedReader(PUBLISHER, events, units, async (event) => publishReviews(event));

/**
 * Returns the messages that follow from a stored event.
 * @throws UnknownEventTypeError
 */
export function publishReviews(event: RecordedEvent): { topic: string; envelope: Envelope }[] {
  const reviewId = event.stream.slice('review-'.length);
  return translate(reviewMessages, 'reviews', event, reviewId);
}
