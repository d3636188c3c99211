import type { Database, UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import {
  type BackgroundLoop,
  type Lease,
  LeaseLostError,
  type Leases,
  type LoopSettings,
  startLeasedWorker,
  startWorker,
} from '@fieldguide/workers';
import type { Envelope, NewMessage } from './envelope.ts';
import { OutboxMessage } from './message-tables.entity.ts';
import type { Messaging, OutgoingRecord } from './messaging.ts';
import { publishMessage } from './outgoing-message.ts';

/** Source of the messages of a relay: an outbox table, or the feed of an event store. */
export interface RelaySource {
  readonly name: string;
  /** Notification channel for new messages. */
  readonly channel: string;
  /**
   * The next messages in order; `count` 0 when there is nothing left. `isFull`: there may be more. Otherwise the channel is
   * notified when there is.
   */
  read(): Promise<{ messages: readonly OutgoingRecord[]; count: number; isFull: boolean }>;
  /** Called when the transport has acknowledged all. @throws LeaseLostError */
  markPublished(lease: Lease): Promise<void>;
  /**
   * Publishes the current state of these messages' keys again. They were, or may have been, published after another
   * instance had published newer ones.
   */
  republish?(messages: readonly OutgoingRecord[]): Promise<void>;
}

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
  const relay = startLeasedWorker(settings, leases, async (lease) => {
    const { messages, count, isFull } = await source.read();
    if (count === 0) return false;
    try {
      await messaging.publish(messages);
      await source.markPublished(lease);
    } catch (error) {
      if (republisher && !(await leases.isCurrent(lease).catch(() => false)))
        republisher.add(messages);
      throw error;
    }
    return isFull;
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
  return {
    name: 'outbox',
    channel: 'outbox',
    async read() {
      const rows = await database.source.manager.find(OutboxMessage, {
        order: { id: 'ASC' },
        take: BATCH,
      });
      sending = rows.map(({ id }) => id);
      const messages = rows.map(({ id, topic, envelope }) => ({
        topic,
        envelope: { ...envelope, sequence: id } as Envelope,
      }));
      return { messages, count: rows.length, isFull: rows.length === BATCH };
    },
    async markPublished({ name, epoch }) {
      const held = await database.query(
        `WITH held AS (SELECT FROM leases WHERE name = $2 AND epoch = $3 FOR SHARE),
              sent AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) AND EXISTS (SELECT FROM held))
         SELECT FROM held`,
        [sending, name, epoch],
      );
      if (held.length === 0) throw new LeaseLostError(name);
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
