import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database, MemoryWakeups, PostgresUnitsOfWork } from '@fieldguide/database';
import {
  freshDatabase,
  Thing,
  ThingsTable1760000009000,
  thing,
} from '@fieldguide/database/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  Checkpoint,
  EventStoreTables1760000001000,
  PostgresEventStore,
  type Projection,
  projectNext,
} from './index.ts';
import { eventStoreContract } from './testing/event-store.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const wakeups = new MemoryWakeups(clock);
let database: Database;
let units: PostgresUnitsOfWork;
let store: PostgresEventStore;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_event_store', {
    entities: [Checkpoint, Thing],
    migrations: [EventStoreTables1760000001000, ThingsTable1760000009000],
  });
  units = new PostgresUnitsOfWork(database, { service: 'test', clock, ids }, wakeups);
  store = new PostgresEventStore(database, clock, ids, wakeups);
});
afterAll(() => database.close());
const empty = async () => {
  await database.query('TRUNCATE streams, events, feed, checkpoints, things');
  await database.query('UPDATE feed_end SET position = 0');
};

eventStoreContract('on PostgreSQL', async () => {
  await empty();
  return { store, units };
});

describe('the feed', () => {
  beforeEach(empty);

  it('never shows a later event before an earlier one, whoever commits first (H1, H3)', async () => {
    const seen: string[] = [];
    let position = '0';
    let done = false;
    const reader = (async () => {
      while (!done || (await store.feed(position, 50)).events.length > 0) {
        const page = await store.feed(position, 50);
        seen.push(...page.events.map(({ stream, version }) => `${stream}@${version}`));
        position = page.position;
      }
    })();
    // Writers hold their transactions open for different times, and write something else first.
    const writer = (n: number) =>
      units.run(async (tx) => {
        await tx.save(Thing, thing(`other-${n}`));
        await store.append(
          { stream: `s-${n % 3}`, expected: 'any', events: [{ type: 'A', data: {} }] },
          tx,
        );
        await clock.sleep((n * 7) % 23);
      });
    await Promise.all(Array.from({ length: 40 }, (_, n) => writer(n)));
    done = true;
    await reader;
    expect(seen).toHaveLength(40);
    for (const stream of ['s-0', 's-1', 's-2']) {
      const own = seen.filter((each) => each.startsWith(`${stream}@`));
      expect(own).toEqual(own.map((_, i) => `${stream}@${i + 1}`));
    }
  });
});

describe('a projection', () => {
  beforeEach(empty);
  const counting: Projection<Thing, { type: 'Counted'; data: object }> = {
    name: 'counting',
    table: Thing,
    key: 'id',
    rowOf: ({ stream }) => stream,
    initial: (id) => thing(id),
    on: { Counted: (row) => Object.assign(row, { count: row.count + 1 }) },
  };
  const append = (stream: string, count: number) =>
    store.append({
      stream,
      expected: 'any',
      events: Array.from({ length: count }, () => ({ type: 'Counted', data: {} })),
    });
  const counts = async () =>
    Object.fromEntries(
      (await database.query<Thing>('SELECT id, count FROM things')).map(({ id, count }) => [
        id,
        count,
      ]),
    );

  it('counts every event once, however often it runs', async () => {
    await append('t-1', 3);
    await append('t-2', 1);
    while (await projectNext(counting, store, units));
    await append('t-1', 2);
    while (await projectNext(counting, store, units));
    expect(await counts()).toEqual({ 't-1': 5, 't-2': 1 });
  });

  it('counts every event once when two run at the same time', async () => {
    await append('t-1', 30);
    await Promise.all([projectNext(counting, store, units), projectNext(counting, store, units)]);
    while (await projectNext(counting, store, units));
    expect(await counts()).toEqual({ 't-1': 30 });
  });

  it('writes nothing when its lease has gone to another instance', async () => {
    await append('t-1', 1);
    const lost = { name: 'projection:counting', epoch: '1' };
    await expect(projectNext(counting, store, units, { lease: lost })).rejects.toThrow(
      /another holder/,
    );
    expect(await counts()).toEqual({});
  });

  it('gives the same rows when it is made anew', async () => {
    await append('t-1', 3);
    await append('t-2', 4);
    while (await projectNext(counting, store, units));
    const before = await counts();
    await database.query('TRUNCATE things, checkpoints');
    while (await projectNext(counting, store, units));
    expect(await counts()).toEqual(before);
  });
});
