import { SystemClock, SystemIds } from '@fieldguide/clock';
import { Database } from '@fieldguide/database';
import { DatabaseTables1760000000000 } from '@fieldguide/database/parts';
import { type EventStore } from '@fieldguide/event-store';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
} from '@fieldguide/event-store/parts';
import { MemoryNotifier, type Notifier } from '@fieldguide/workers';
import pg from 'pg';

/** An event store that appends to a new stream and reads it. */
export interface Contender {
  readonly name: string;
  append(stream: string, events: number): Promise<unknown>;
  read(stream: string): Promise<unknown>;
  close(): Promise<void>;
}

export const sampleEvent = {
  type: 'OrderPlaced',
  data: {
    orderId: '01900000-0000-8000-8000-00000000000a',
    customerId: '01900000-0000-7000-9000-000000000001',
    lines: [{ productId: '01900000-0000-7000-8000-000000000014', name: 'Hammock', quantity: 2 }],
    total: { amountMinor: 13_800, currency: 'EUR' },
  },
};
const POOL = 16;

/**
 * Opens our event store with all features: ids, metadata, versions, the numbered feed.
 * @param isFollowed whether a reader in the same process follows the feed meanwhile
 */
export async function ours(url: string, name = 'fieldguide', isFollowed = false) {
  const [clock, ids] = [new SystemClock(), new SystemIds()];
  const migrations = [DatabaseTables1760000000000, ...eventStoreMigrations];
  const database = new Database({ url, name, entities: [Checkpoint], migrations });
  await database.open();
  await database.migrate();
  const notifier = new MemoryNotifier(clock);
  const store = new PostgresEventStore(database, clock, ids, notifier);
  const ending = new AbortController();
  const following = isFollowed ? follow(store, notifier, ending.signal) : undefined;
  const contender: Contender = {
    name,
    append: (stream, count) =>
      store.append({
        stream,
        expected: 0,
        events: Array.from({ length: count }, () => sampleEvent),
      }),
    read: (stream) => store.read(stream),
    close: async () => {
      ending.abort();
      await following;
      await store.close();
      await database.close();
    },
  };
  return { contender, store, database, notifier, clock, ids };
}

/** Reads the feed continuously, as a projection does. */
async function follow(store: EventStore, notifier: Notifier, ending: AbortSignal): Promise<void> {
  let position = '0';
  while (!ending.aborted) {
    const page = await store.readAll(position, 500);
    position = page.position;
    if (page.events.length === 0) await notifier.wait('feed', 1_000, ending);
  }
}

/** Opens Emmett's event store, the alternative from npm. */
export async function emmett(url: string): Promise<Contender> {
  const { getPostgreSQLEventStore } = await import('@event-driven-io/emmett-postgresql');
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  return {
    name: 'emmett',
    append: (stream, count) =>
      store.appendToStream(stream, Array.from({ length: count }, () => sampleEvent) as never, {
        expectedStreamVersion: 'STREAM_DOES_NOT_EXIST',
      }),
    read: (stream) => store.readStream(stream),
    close: () => store.close(),
  };
}

/** Opens a hand-written store: one transaction per append, the same tables, a pool. */
export async function plain(url: string): Promise<Contender> {
  const pool = new pg.Pool({ connectionString: url, max: POOL });
  await pool.query(`
    CREATE TABLE streams (stream text PRIMARY KEY, version int NOT NULL);
    CREATE TABLE events (
      position bigserial, stream text NOT NULL, version int NOT NULL, id uuid NOT NULL UNIQUE, type text NOT NULL,
      data jsonb NOT NULL, metadata jsonb NOT NULL, time timestamptz NOT NULL, PRIMARY KEY (stream, version)
    )`);
  const ids = new SystemIds();
  return {
    name: 'plain pg',
    async append(stream, count) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('INSERT INTO streams VALUES ($1, $2)', [stream, count]);
        for (let version = 1; version <= count; version++)
          await client.query(
            'INSERT INTO events (stream, version, id, type, data, metadata, time) VALUES ($1, $2, $3, $4, $5, $6, now())',
            [
              stream,
              version,
              ids.next(),
              sampleEvent.type,
              sampleEvent.data,
              { correlationId: ids.next() },
            ],
          );
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    },
    read: async (stream) => {
      const sql = 'SELECT * FROM events WHERE stream = $1 ORDER BY version';
      return (await pool.query(sql, [stream])).rows;
    },
    close: () => pool.end(),
  };
}
