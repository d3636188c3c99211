import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import {
  freshDatabase,
  Thing,
  ThingsTable1760000009000,
  thing,
} from '@fieldguide/database/testing';
import { LeaseLostError, MemoryNotifier } from '@fieldguide/workers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EventStore, type Projection, WrongExpectedVersionError } from './index.ts';
import { Checkpoint, eventStoreMigrations, PostgresEventStore, ProjectionRunner } from './parts.ts';
import { type Actor, type Gate, Schedule } from './testing/schedule.ts';

// The number that CI runs; 10,000 by hand: FIELDGUIDE_INTERLEAVINGS=10000 npx vitest run --project int libs/event-store/src/interleavings
const SCHEDULES = Number(process.env['FIELDGUIDE_INTERLEAVINGS'] ?? 1_000);
/** A naive implementation fails within so many schedules. */
const FOUND_WITHIN = 500;

const [clock, ids] = [new SystemClock(), new SystemIds()];
const notifier = new MemoryNotifier(clock);
let database: Database & { url: string };
let units: PostgresUnitOfWorkRunner;
let store: PostgresEventStore;
let clients: pg.Client[];
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_interleavings', {
    entities: [Checkpoint, Thing],
    migrations: [...eventStoreMigrations, ThingsTable1760000009000],
  });
  units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
  store = new PostgresEventStore(database, clock, ids, notifier);
  clients = Array.from({ length: 4 }, () => new pg.Client({ connectionString: database.url }));
  for (const client of clients) await client.connect();
  await database.query(`
    CREATE TABLE naive_streams (stream text PRIMARY KEY, version int NOT NULL);
    CREATE TABLE naive_events (
      position bigserial, tx xid8 DEFAULT pg_current_xact_id(), stream text NOT NULL, version int NOT NULL
    );
    CREATE TABLE naive_others (id bigserial);
    CREATE TABLE naive_counts (id text PRIMARY KEY, count int NOT NULL);
    CREATE TABLE naive_checkpoint (position bigint NOT NULL);
    INSERT INTO naive_checkpoint VALUES (0)`);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await store.close();
  await database.close();
});

/** For a few rows, DELETE is faster than TRUNCATE. */
const empty = (...tables: string[]) =>
  database.query(tables.map((table) => `DELETE FROM ${table}`).join(';'));

/** `stream@version`, in the order in which a reader of the feed saw it. */
type Seen = string[];
const name = (stream: string, version: number) => `${stream}@${version}`;

/** Describes what is wrong with what was read: a skip, a repeat, or a stream's events in another order. */
function wrongIn(seen: Seen, committed: ReadonlySet<string>): string | undefined {
  const missing = [...committed].filter((each) => !seen.includes(each));
  if (missing.length > 0) return `skipped ${missing}`;
  if (new Set(seen).size !== seen.length) return 'seen twice';
  const last = new Map<string, number>();
  for (const each of seen) {
    const [stream, version] = each.split('@') as [string, string];
    if (Number(version) < (last.get(stream) ?? 0)) return `${each} after ${last.get(stream)}`;
    last.set(stream, Number(version));
  }
  return undefined;
}

interface Way {
  /** A transaction that appends to these streams, perhaps after writing something else; a crash rolls it back. */
  readonly writer: (n: number, streams: readonly string[], writesFirst: boolean) => Actor;
  /** Reads what is visible now. */
  readonly look: () => Promise<void>;
  readonly seen: Seen;
  readonly committed: Set<string>;
}

/** One schedule of three writers and a reader. @returns the error found */
async function playFeed(seed: number, begin: () => Promise<Way>): Promise<string | undefined> {
  const schedule = new Schedule(seed);
  const { writer, look, seen, committed } = await begin();
  const writers = [0, 1, 2].map((n) => {
    // In the order of their names, as everything that locks several streams does.
    const streams = ['a', 'b'].filter(() => schedule.random(3) > 0);
    return writer(n, streams.length > 0 ? streams : ['a'], schedule.random(2) === 0);
  });
  await schedule.run(writers, look, 12);
  await look();
  await look();
  return wrongIn(seen, committed);
}

async function ours(): Promise<Way> {
  await empty('streams', 'events', 'feed', 'things');
  const committed = new Set<string>();
  const seen: Seen = [];
  let position = await store.lastPosition();
  return {
    committed,
    seen,
    writer: (n, streams, writesFirst) => async (gate) => {
      const own: string[] = [];
      await units.run(async (tx) => {
        own.length = 0;
        await gate();
        if (writesFirst) await tx.save(Thing, thing(`other-${n}`));
        for (const stream of streams) {
          await gate();
          const event = { type: 'A', data: {} };
          own.push(
            name(stream, await store.append({ stream, expected: 'any', events: [event] }, tx)),
          );
        }
        tx.beforeCommit(gate); // between the numbering and the commit
        await gate();
      });
      for (const each of own) committed.add(each);
    },
    look: async () => {
      const page = await store.readAll(position, 100);
      seen.push(...page.events.map(({ stream, version }) => name(stream, version)));
      position = page.position;
    },
  };
}

/** A sequence assigns the positions; the reader queries for greater ones, in one of the usual ways. */
const naive =
  (
    read: (
      from: [string, string],
    ) => Promise<{ tx: string; position: string; stream: string; version: number }[]>,
  ) =>
  async (): Promise<Way> => {
    await database.query('TRUNCATE naive_streams, naive_events');
    const committed = new Set<string>();
    const seen: Seen = [];
    let from: [string, string] = ['0', '0'];
    return {
      committed,
      seen,
      writer: (n, streams, writesFirst) => async (gate) => {
        const client = clients[n]!;
        const own: string[] = [];
        try {
          await gate();
          await client.query('BEGIN');
          if (writesFirst) await client.query('INSERT INTO naive_others DEFAULT VALUES');
          for (const stream of streams) {
            await gate();
            const { rows } = await client.query(
              `INSERT INTO naive_streams AS s VALUES ($1, 1)
               ON CONFLICT (stream) DO UPDATE SET version = s.version + 1 RETURNING version`,
              [stream],
            );
            await client.query('INSERT INTO naive_events (stream, version) VALUES ($1, $2)', [
              stream,
              rows[0].version,
            ]);
            own.push(name(stream, rows[0].version));
          }
          await gate();
          await client.query('COMMIT');
          for (const each of own) committed.add(each);
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        }
      },
      look: async () => {
        for (const { tx, position, stream, version } of await read(from)) {
          seen.push(name(stream, version));
          from = [tx, position];
        }
      },
    };
  };
const columns = 'tx::text, position::text, stream, version';
const bySequence = naive(([, position]) =>
  database.query(
    `SELECT ${columns} FROM naive_events WHERE position > $1 ORDER BY naive_events.position`,
    [position],
  ),
);
const byTransaction = naive(([tx, position]) =>
  database.query(
    `SELECT ${columns} FROM naive_events
     WHERE (tx, position) > ($1::xid8, $2::bigint) AND tx < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY naive_events.tx, naive_events.position`,
    [tx, position],
  ),
);

/** Three writers that append at the version that they have read. @returns the error found */
async function playVersions(
  seed: number,
  append: (n: number, expected: number, gate: Gate) => Promise<void>,
  versions: () => Promise<number[]>,
): Promise<string | undefined> {
  const schedule = new Schedule(seed);
  const writers = [0, 1, 2].map(
    (n): Actor =>
      async (gate) => {
        await gate();
        const expected = (await versions()).length;
        await gate();
        await append(n, expected, gate);
      },
  );
  await schedule.run(writers, async () => undefined);
  const all = await versions();
  return new Set(all).size === all.length ? undefined : `versions ${all}`;
}

const counting: Projection<Thing, { type: 'A'; data: object }> = {
  name: 'counting',
  table: Thing,
  key: 'id',
  rowOf: ({ stream }) => stream,
  initial: (id) => thing(id),
  on: { A: (row) => Object.assign(row, { count: row.count + 1 }) },
};

/** The store, with gates around what a projection reads, so that other actors can interleave there. */
function gated(gate: Gate): EventStore {
  const readAll: EventStore['readAll'] = async (after, limit, until) => {
    await gate();
    const page = await store.readAll(after, limit, until);
    await gate();
    return page;
  };
  return new Proxy(store, {
    get: (of, key) => {
      if (key === 'readAll') return readAll;
      const value: unknown = Reflect.get(of, key, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

/** Two projectors, crashes, and a lease that moves from one to the other. @returns the error found */
async function playProjection(
  seed: number,
  begin: () => Promise<void>,
  projector: (n: number) => Actor,
  counts: () => Promise<Record<string, number>>,
): Promise<string | undefined> {
  const schedule = new Schedule(seed);
  await empty('streams', 'events', 'feed', 'things', 'checkpoints', 'leases');
  await begin();
  const folded: Record<string, number> = {};
  for (let n = 0; n < 5; n++) {
    const stream = `s-${schedule.random(2)}`;
    await store.append({ stream, expected: 'any', events: [{ type: 'A', data: {} }] });
    folded[stream] = (folded[stream] ?? 0) + 1;
  }
  await schedule.run([projector(0), projector(1)], async () => undefined, 6);
  await schedule.run([projector(2)], async () => undefined); // their successor
  const found = await counts();
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(folded))
    ? undefined
    : `counted ${JSON.stringify(found)} of ${JSON.stringify(folded)}`;
}
const sorted = (counts: Record<string, number>) =>
  Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
const countsIn = async (table: string) =>
  Object.fromEntries(
    (await database.query<{ id: string; count: number }>(`SELECT id, count FROM ${table}`)).map(
      ({ id, count }) => [id, count],
    ),
  );

/** Our implementation: the lease's epoch, rows and checkpoint in one transaction. */
const project =
  (n: number): Actor =>
  async (gate) => {
    const [row] = await database.query<{ epoch: string }>(
      `INSERT INTO leases AS l (name, holder, epoch, expires_at) VALUES ('projection:counting', $1, 1, now())
       ON CONFLICT (name) DO UPDATE SET holder = $1, epoch = l.epoch + 1 RETURNING epoch`,
      [`p-${n}`],
    );
    const lease = { name: 'projection:counting', epoch: row!.epoch };
    try {
      const runner = new ProjectionRunner(counting, gated(gate), units);
      while ((await runner.next({ lease })).events > 0);
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
  };

/** No epoch is checked, and the rows are written as they were computed. */
const projectBlindly =
  (isApart: boolean) =>
  (n: number): Actor =>
  async (gate) => {
    const client = clients[n]!;
    for (;;) {
      await gate();
      const { rows } = await client.query('SELECT position FROM naive_checkpoint');
      const page = await store.readAll(rows[0].position, 2);
      if (page.events.length === 0) return;
      await gate();
      await client.query('BEGIN');
      for (const { stream } of page.events)
        await client.query(
          `INSERT INTO naive_counts AS c VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET count = c.count + 1`,
          [stream],
        );
      if (isApart) {
        await client.query('COMMIT');
        await gate(); // a crash here counts the batch again
      }
      await client.query('UPDATE naive_checkpoint SET position = $1', [page.position]);
      if (!isApart) await client.query('COMMIT');
    }
  };
const beginBlindly = async () => {
  await database.query('TRUNCATE naive_counts');
  await database.query('UPDATE naive_checkpoint SET position = (SELECT position FROM feed_end)');
};

/** Finds the first seed that shows the error. */
async function found(play: (seed: number) => Promise<string | undefined>): Promise<string> {
  for (let seed = 1; seed <= FOUND_WITHIN; seed++) {
    const wrong = await play(seed);
    if (wrong) return `seed ${seed}: ${wrong}`;
  }
  return 'nothing';
}

async function never(play: (seed: number) => Promise<string | undefined>): Promise<void> {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const wrong = await play(seed);
    if (wrong) expect.fail(`seed ${seed}: ${wrong}`);
  }
}

describe('the event store under any interleaving of statements', () => {
  it(
    'skips and reorders no event in the feed',
    async () => {
      await never((seed) => playFeed(seed, ours));
      expect(await store.lastPosition()).not.toBe('0');
    },
    SCHEDULES * 200 + 60_000,
  );

  it(
    'assigns each version of a stream once',
    async () => {
      const stream = 'v';
      await never((seed) =>
        playVersions(
          seed,
          async (n, expected) => {
            const events = [{ type: `A${n}`, data: {} }];
            await store
              .append({ stream: `${stream}-${seed}`, expected, events })
              .catch((error: unknown) => {
                if (!(error instanceof WrongExpectedVersionError)) throw error;
              });
          },
          async () => (await store.read(`${stream}-${seed}`)).map(({ version }) => version),
        ),
      );
      expect((await store.read('v-1')).length).toBeGreaterThan(0);
    },
    SCHEDULES * 200 + 60_000,
  );

  it(
    'projects each event once, through crashes and takeovers',
    async () => {
      await never((seed) =>
        playProjection(
          seed,
          async () => undefined,
          project,
          () => countsIn('things'),
        ),
      );
      expect(await countsIn('things')).not.toEqual({});
    },
    SCHEDULES * 200 + 60_000,
  );
});

describe('the same schedules fail a naive implementation', () => {
  it(
    'skips events when the reader follows the sequence (H1)',
    async () => expect(await found((seed) => playFeed(seed, bySequence))).toMatch(/skipped/),
    120_000,
  );

  it(
    'reorders a stream when the reader follows transaction and position (H3)',
    async () => expect(await found((seed) => playFeed(seed, byTransaction))).toMatch(/ after /),
    120_000,
  );

  it('assigns a version twice when the append does not check it in the write', async () => {
    const versions = async () =>
      (await database.query<{ version: number }>('SELECT version FROM naive_events')).map(
        ({ version }) => version,
      );
    const blindly = async (n: number, expected: number) => {
      const sql = "INSERT INTO naive_events (stream, version) VALUES ('v', $1)";
      await clients[n]!.query(sql, [expected + 1]);
    };
    const wrong = await found(async (seed) => {
      await database.query('TRUNCATE naive_events');
      return playVersions(seed, blindly, versions);
    });
    expect(wrong).toMatch(/versions/);
  });

  it('counts an event twice when the projection checks no epoch', async () =>
    expect(
      await found((seed) =>
        playProjection(seed, beginBlindly, projectBlindly(false), () => countsIn('naive_counts')),
      ),
    ).toMatch(/counted/));

  it('counts an event again after a crash when the checkpoint is in another transaction', async () =>
    expect(
      await found((seed) =>
        playProjection(
          seed,
          beginBlindly,
          (n) => (n < 2 ? crashing(projectBlindly(true)(n), n) : projectBlindly(true)(n)),
          () => countsIn('naive_counts'),
        ),
      ),
    ).toMatch(/counted/));
});

/** One after the other, so that only the crash can cause the error. */
function crashing(actor: Actor, n: number): Actor {
  return async (gate) => {
    if (n > 0) return;
    await actor(gate);
  };
}
