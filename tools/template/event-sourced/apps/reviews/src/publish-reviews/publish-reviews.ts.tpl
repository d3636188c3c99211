import { ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import type { Envelope } from '@fieldguide/database';
import {
  type EventStore,
  type EventTranslation,
  eventFeedReader,
  type RecordedEvent,
  type SubscribedEvent,
  translate,
} from '@fieldguide/event-store';
import { message } from '@fieldguide/messaging';
import type { ReviewEvent } from '../review/review.events.ts';

/** Name of the publisher's checkpoint. */
export const PUBLISHER = 'publish-reviews';

const idOf = ({ stream }: RecordedEvent) => stream.slice('review-'.length);

/** Stored events are private; only this table decides what is published. */
const reviewMessages: EventTranslation<ReviewEvent> = {
  ReviewAdded: (event) => {
    const data = { reviewId: idOf(event), text: event.data.text };
    return [message(ReviewAdded, data.reviewId, data)];
  },
  ReviewClosed: (event) => [message(ReviewClosed, idOf(event), { reviewId: idOf(event) })],
};

/** Reads the messages that are not yet published; the log is the outbox. */
export const reviewsReader = (events: EventStore) =>
  eventFeedReader(PUBLISHER, events, publishReviews);

/**
 * Returns the messages that follow from a stored event.
 * @throws UnknownEventTypeError
 */
export function publishReviews(subscribed: SubscribedEvent): { topic: string; envelope: Envelope }[] {
  return translate(reviewMessages, 'reviews', subscribed);
}
