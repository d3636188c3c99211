import { derivedId } from '@fieldguide/clock';
import type { DomainEvent, EventStore, RecordedEvent } from '@fieldguide/event-store';
import type { SubscribedEvent, SubscriptionPage } from '@fieldguide/event-store/parts';
import type { Envelope, NewMessage } from '@fieldguide/messaging';
import type { Page, RelaySource } from '@fieldguide/messaging/parts';

const BATCH = 200;

/**
 * The messages that follow from an event, complete by event type: an event that is not published is `'internal'`.
 * Each row also gets the first event of the stream, which is read with the feed: no stream is folded to publish.
 */
export type EventTranslation<Event extends DomainEvent, First extends Event = Event> = {
  readonly [Type in Event['type']]:
    | ((
        event: RecordedEvent<Extract<Event, { type: Type }>>,
        first: RecordedEvent<First>,
      ) => readonly NewMessage[])
    | 'internal';
};

/** Most likely a newer version of the service has stored the event: an instance of that version has to publish it. */
class UnknownEventTypeError extends Error {
  override name = 'UnknownEventTypeError';

  constructor(type: string) {
    super(
      `This version cannot publish the event ${type}: it is not in its translation. ` +
        'Publishing stops here until an instance that knows the event takes over.',
    );
  }
}

/**
 * Translates one event of `service` into the messages to send.
 * @throws UnknownEventTypeError when the table has no row for its type: skipping the event would lose its messages
 */
export function translate<Event extends DomainEvent, First extends Event>(
  translation: EventTranslation<Event, First>,
  service: string,
  { event, first }: SubscribedEvent,
): { topic: string; envelope: Envelope }[] {
  const isKnown = Object.hasOwn(translation, event.type);
  if (!isKnown) throw new UnknownEventTypeError(event.type);
  const row = translation[event.type as Event['type']];
  const messages = row === 'internal' ? [] : row(event as never, first as RecordedEvent<First>);
  return messages.map((each) => ({
    topic: each.topic,
    envelope: envelopeOf(each, service, event),
  }));
}

/** The id is derived from the event, so that consumers detect a message that is sent again after a crash. */
function envelopeOf(
  { topic, type, subject, data }: NewMessage,
  service: string,
  event: RecordedEvent,
): Envelope {
  return {
    specversion: '1.0',
    id: derivedId(event.id, topic, type),
    source: `/${service}`,
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
}

/**
 * The log as the outbox: what a relay reads from when private events become published messages. The messages of an
 * event must have the same ids each time it is translated, because a crash between sending and checkpoint sends
 * them again. An event that the translation does not know stops the relay, which then gives up its lease.
 */
export function eventFeedReader<Event extends DomainEvent, First extends Event>(
  name: string,
  store: EventStore,
  service: string,
  translation: EventTranslation<Event, First>,
): RelaySource {
  let read = '0';
  const pageOf = ({ events, position }: SubscriptionPage): Page => {
    read = position ?? read;
    const messages = events.flatMap((each) => translate(translation, service, each));
    return { messages, count: events.length, isFull: events.length === BATCH };
  };
  return {
    name,
    channel: 'feed',
    read: async () => pageOf(await store.readSubscription(name, BATCH)),
    /** Call it only after the transport has acknowledged all messages. */
    markPublished: async (lease) =>
      pageOf(await store.advanceSubscription(name, read, lease, BATCH)),
  };
}
