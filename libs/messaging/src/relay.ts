import {
  type BackgroundLoop,
  type Database,
  type Envelope,
  type Lease,
  LeaseLost,
  type Leases,
  type LoopSettings,
  OutboxMessage,
  startLeasedLoop,
} from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import type { Messaging, OutgoingRecord } from './messaging.ts';

/** Where a relay finds what is to be sent: an outbox table, or a log's feed. */
export interface RelaySource {
  readonly name: string;
  /** The hint that says there is something new. */
  readonly channel: string;
  /** The next messages in order; `count` 0 when there is nothing left. */
  read(): Promise<{ messages: readonly OutgoingRecord[]; count: number }>;
  /** Called when the transport has them all. @throws LeaseLost */
  done(lease: Lease): Promise<void>;
}

/**
 * Sends what was committed, in order, and marks it as sent only afterwards: a crash in between sends it again, with
 * the same ids. One instance at a time holds the lease.
 */
export function startRelay(
  source: RelaySource,
  messaging: Messaging,
  leases: Leases,
  loop: Pick<LoopSettings, 'wakeups' | 'clock' | 'log'>,
): BackgroundLoop {
  const settings = { ...loop, name: `relay:${source.name}`, channel: source.channel };
  return startLeasedLoop(settings, leases, async (lease) => {
    const { messages, count } = await source.read();
    if (count === 0) return false;
    await messaging.publish(messages);
    await source.done(lease);
    for (const { topic, envelope } of messages) {
      metrics.messagesPublished.inc({ topic, type: envelope.type });
    }
    return true;
  });
}

const BATCH = 200;

/** The outbox table: the rows are deleted when they are sent, so there is no position that could skip one. */
export function outboxSource(database: Database): RelaySource {
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
      return { messages, count: rows.length };
    },
    async done({ name, epoch }) {
      const held = await database.query(
        `WITH held AS (SELECT FROM leases WHERE name = $2 AND epoch = $3 FOR SHARE),
              sent AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) AND EXISTS (SELECT FROM held))
         SELECT FROM held`,
        [sending, name, epoch],
      );
      if (held.length === 0) throw new LeaseLost(name);
    },
  };
}
