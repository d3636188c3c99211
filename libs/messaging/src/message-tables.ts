import { Retention } from '@fieldguide/database';
import { DeadLetterBytes1760000011000 } from './dead-letter-bytes.migration.ts';
import { DeadLetter, InboxMessage, OutboxMessage } from './message-tables.entity.ts';
import { MessageTables1760000000001 } from './message-tables.migration.ts';
import { OutboxTimes1760000010000 } from './outbox-times.migration.ts';

/**
 * The inbox must know every message that a broker can deliver again. A topic keeps a record for its `retention.ms` and one
 * more `segment.ms` (each contract declares it); this period is a day longer.
 */
export const inboxRetention = new Retention('inbox', 'received_at < now() - $1::interval', () => 9);

/**
 * Resolved dead letters; a waiting one is never deleted. A version without `handled_at` leaves it empty
 * when it redrives a letter during a rollout.
 */
export const handledDeadLetters = new Retention(
  'dead_letters',
  'redriven AND coalesce(handled_at, parked_at) < now() - $1::interval',
  () => 30,
);

/** The tables that a service with messages has in its database. */
export const messageTables = {
  entities: [InboxMessage, OutboxMessage, DeadLetter],
  migrations: [MessageTables1760000000001, OutboxTimes1760000010000, DeadLetterBytes1760000011000],
  retention: [inboxRetention, handledDeadLetters],
};
