import { derivedId } from '@fieldguide/clock';
import { ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import type { Envelope, UnitOfWorkRunner } from '@fieldguide/database';
import {
  type EventStore,
  type EventTranslation,
  eventFeedReader,
  type RecordedEvent,
  translate,
} from '@fieldguide/event-store';
import type { ReviewEvent } from '../review/review.events.ts';

type OutgoingMessage = readonly [contract: { topic: string; type: string }, data: object];

/** Name of the publisher's checkpoint. */
export const PUBLISHER = 'publish-reviews';

/** Stored events are private; only this table decides what is published. */
const reviewMessages: EventTranslation<ReviewEvent, string, OutgoingMessage> = {
  ReviewAdded: ({ data: { text } }, reviewId) => [[ReviewAdded, { reviewId, text }]],
  ReviewClosed: (_, reviewId) => [[ReviewClosed, { reviewId }]],
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
  const messages = translate(reviewMessages, event, reviewId);
  return messages.map((each) => enveloped(each, event, reviewId));
}

/** The id is derived from the event, so that consumers detect a message that is sent again after a crash. */
function enveloped(
  [{ topic, type }, data]: OutgoingMessage,
  event: RecordedEvent,
  subject: string,
) {
  const envelope: Envelope = {
    specversion: '1.0',
    id: derivedId(event.id, topic, type),
    source: '/reviews',
    type,
    subject,
    time: event.time.toISOString(),
    datacontenttype: 'application/json',
    data,
    correlationid: event.correlationId,
    causationid: event.causationId ?? event.id,
    sequence: String(event.version),
    ...(event.traceparent && { traceparent: event.traceparent }),
  };
  return { topic, envelope };
}
