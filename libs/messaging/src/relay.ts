import type { Database, UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import {
  type BackgroundLoop,
  type Lease,
  LeaseLostError,
  type Leases,
  type LoopSettings,
  pause,
  startLeasedWorker,
  startWorker,
} from '@fieldguide/workers';
import type { Envelope, NewMessage } from './envelope.ts';
import type { Messaging, OutgoingRecord } from './messaging.ts';
import { publishMessage } from './outgoing-message.ts';

/** The next messages in order; `count` 0 when there is nothing left. */
export interface Page {
  readonly messages: readonly OutgoingRecord[];
  readonly count: number;
  /** There may be more. Otherwise the channel is notified when there is. */
  readonly isFull: boolean;
}

/** Source of the messages of a relay: an outbox table, or the feed of an event store. */
export interface RelaySource {
  readonly name: string;
  /** Notification channel for new messages. */
  readonly channel: string;
  read(): Promise<Page>;
  /**
   * Called when the transport has acknowledged all messages of the last page. Reads the next page, too, with the same
   * statement.
   * @throws LeaseLostError
   */
  markPublished(lease: Lease): Promise<Page>;
  /**
   * Publishes the current state of these messages' keys again. They were, or may have been, published after another
   * instance had published newer ones.
   */
  republish?(messages: readonly OutgoingRecord[]): Promise<void>;
}

/** A step ends after this time under load, so that its lease is renewed. */
const STEP_MS_MAX = 1_000;
const REPUBLISH_IDLE_MS = 5_000;

/**
 * Publishes committed messages in order, and marks them as sent only afterwards: a crash in between sends them again,
 * with the same ids. One instance at a time holds the lease. An instance that was frozen while it published may be late:
 * then the source publishes the current state again, because in a compacted topic the last record counts.
 */
export function startRelay(
  source: RelaySource,
  messaging: Messaging,
  leases: Leases,
  loop: Pick<LoopSettings, 'notifier' | 'clock' | 'log'>,
): BackgroundLoop {
  const settings = { ...loop, name: `relay:${source.name}`, channel: source.channel };
  const republisher = source.republish && startRepublisher(source, loop);
  const relay = startLeasedWorker(settings, leases, async (lease, signal) => {
    const until = loop.clock.fromNow(STEP_MS_MAX);
    let begun = loop.clock.now();
    let page = await source.read();
    while (page.count > 0) {
      const { messages, isFull } = page;
      try {
        await messaging.publish(messages);
        if (!isFull) await pause(begun, loop.clock, signal);
        begun = loop.clock.now();
        page = await source.markPublished(lease);
      } catch (error) {
        if (republisher && !(await leases.isCurrent(lease).catch(() => false)))
          republisher.add(messages);
        throw error;
      }
      if (signal.aborted || begun >= until) return page.count > 0;
    }
    return false;
  });
  return {
    stop: async () => {
      await relay.stop();
      await republisher?.stop();
    },
  };
}

/** Retries until the database accepts it: the late instance may have lost its connection too. */
function startRepublisher(
  source: RelaySource,
  loop: Pick<LoopSettings, 'notifier' | 'clock' | 'log'>,
) {
  const late = new Map<string, OutgoingRecord>();
  const name = `republish:${source.name}`;
  const settings = { ...loop, name, channel: name, idleMs: REPUBLISH_IDLE_MS };
  const step = async () => {
    const messages = [...late.values()];
    if (messages.length === 0) return false;
    late.clear();
    try {
      await source.republish?.(messages);
    } catch (error) {
      add(messages);
      throw error;
    }
    loop.log.warn({ messages: messages.length }, `${name}: this instance was late`);
    return true;
  };
  const add = (messages: readonly OutgoingRecord[]) => {
    for (const each of messages) late.set(`${each.topic} ${each.envelope.subject}`, each);
  };
  const running = startWorker(settings, step);
  return {
    stop: async () => {
      await running.stop();
      // The last attempt: no other instance knows of it.
      await step().catch((error: unknown) => loop.log.error({ err: error }, `${name} failed`));
    },
    add: (messages: readonly OutgoingRecord[]) => {
      add(messages);
      loop.notifier.notify(name);
    },
  };
}

const BATCH = 200;
const read = {
  name: 'outbox-read',
  text: `SELECT id, topic, envelope FROM outbox ORDER BY id LIMIT ${BATCH}`,
};
// Without the lease there is no row at all; with it and an empty outbox, one without an id. The rows that the statement
// deletes are still visible to it.
const deleteAndRead = {
  name: 'outbox-delete-and-read',
  text: `WITH held AS (SELECT FROM leases WHERE name = $2 AND epoch = $3 FOR SHARE),
      sent AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) AND EXISTS (SELECT FROM held))
    SELECT next.* FROM held LEFT JOIN (
      SELECT id, topic, envelope FROM outbox WHERE id <> ALL($1::bigint[]) ORDER BY id LIMIT ${BATCH}
    ) AS next ON true ORDER BY id`,
};

interface OutboxRow {
  readonly id: string | null;
  readonly topic: string;
  readonly envelope: Envelope;
}

/**
 * For each compacted topic: the message with the current state of a key, if it still has any. It locks what it reads, so
 * that no older state is published after a newer one.
 */
export type CurrentState = Readonly<
  Record<string, (uow: UnitOfWork, key: string) => Promise<NewMessage | undefined>>
>;

/**
 * The outbox table: rows are deleted after they are sent, so there is no position that could skip one.
 * @param compacted the compacted topics that this service publishes to
 */
export function outboxReader(
  database: Database,
  compacted?: { readonly units: UnitOfWorkRunner; readonly current: CurrentState },
): RelaySource {
  let sending: string[] = [];
  const pageOf = (rows: readonly OutboxRow[]): Page => {
    const messages = rows.flatMap(({ id, topic, envelope }) =>
      id === null ? [] : [{ topic, envelope: { ...envelope, sequence: id } }],
    );
    sending = messages.map(({ envelope }) => envelope.sequence);
    return { messages, count: messages.length, isFull: messages.length === BATCH };
  };
  return {
    name: 'outbox',
    channel: 'outbox',
    read: async () => pageOf(await database.query<OutboxRow>(read)),
    async markPublished({ name, epoch }) {
      const rows = await database.query<OutboxRow>(deleteAndRead, [sending, name, epoch]);
      if (rows.length === 0) throw new LeaseLostError(name);
      return pageOf(rows);
    },
    ...(compacted && {
      republish: (messages) =>
        compacted.units.run(async (uow) => {
          for (const { topic, envelope } of messages) {
            const message = await compacted.current[topic]?.(uow, envelope.subject);
            if (message) publishMessage(uow, message);
          }
        }),
    }),
  };
}
