import { derivedId } from '@fieldguide/clock';
import type { Envelope, Lease, NewMessage, UnitOfWorkRunner } from '@fieldguide/database';
import type { DomainEvent } from './decider.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';
import { Checkpoint, checkpointOf } from './projection.ts';

const BATCH = 200;

/**
 * The messages that follow from an event, complete by event type: an event that is not published is `'internal'`.
 * `About` is what a translation needs besides the event, for example the first event of its stream.
 */
export type EventTranslation<Event extends DomainEvent, About> = {
  readonly [Type in Event['type']]:
    | ((
        event: RecordedEvent<Extract<Event, { type: Type }>>,
        about: About,
      ) => readonly NewMessage[])
    | 'internal';
};

/** Most likely a newer version of the service has stored the event: an instance of that version has to publish it. */
export class UnknownEventTypeError extends Error {
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
export function translate<Event extends DomainEvent, About>(
  translation: EventTranslation<Event, About>,
  service: string,
  event: RecordedEvent,
  about: About,
): { topic: string; envelope: Envelope }[] {
  const isKnown = Object.hasOwn(translation, event.type);
  if (!isKnown) throw new UnknownEventTypeError(event.type);
  const row = translation[event.type as Event['type']];
  const messages = row === 'internal' ? [] : row(event as never, about);
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
 * them again. An event that `translate` rejects stops the relay, which then gives up its lease.
 */
export function eventFeedReader(
  name: string,
  store: EventStore,
  units: UnitOfWorkRunner,
  translate: (event: RecordedEvent) => Promise<readonly { topic: string; envelope: Envelope }[]>,
) {
  let next: string | undefined;
  return {
    name,
    channel: 'feed',
    async read() {
      const from = await units.run((uow) => uow.load(Checkpoint, name));
      const { events, position } = await store.readAll(from?.position ?? '0', BATCH);
      next = position;
      const messages = await Promise.all(events.map(translate));
      return { messages: messages.flat(), count: events.length };
    },
    /** Call it only after the transport has acknowledged all messages. */
    async markPublished(lease: Lease): Promise<void> {
      await units.run(async (uow) => {
        await uow.assertHeld(lease);
        const checkpoint = (await uow.load(Checkpoint, name)) ?? checkpointOf(name);
        checkpoint.position = next ?? checkpoint.position;
        await uow.save(Checkpoint, checkpoint);
      });
    },
  };
}
