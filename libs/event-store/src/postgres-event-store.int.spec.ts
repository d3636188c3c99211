import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import {
  PostgresLeases,
  type PostgresUnitOfWork,
  PostgresUnitOfWorkRunner,
} from '@fieldguide/database/parts';
import {
  freshDatabase,
  Thing,
  ThingsTable1760000009000,
  thing,
} from '@fieldguide/database/testing';
import { inSpan, metrics } from '@fieldguide/telemetry';
import { recordTraces } from '@fieldguide/telemetry/testing';
import { LeaseLostError, MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  type DomainEvent,
  type MultiStreamProjection,
  type Projection,
  type Upcasters,
} from './index.ts';
import {
  Checkpoint,
  EventStoreOverloadedError,
  eventStoreMigrations,
  PostgresEventStore,
  ProjectionRunner,
  pause,
  rebuild,
  runBatch,
} from './parts.ts';
import { eventStoreContract } from './testing/event-store.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const notifier = new MemoryNotifier(clock);
let database: Database;
let units: PostgresUnitOfWorkRunner;
let store: PostgresEventStore;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_event_store', {
    entities: [Checkpoint, Thing],
    migrations: [...eventStoreMigrations, ThingsTable1760000009000],
  });
  units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
  store = new PostgresEventStore(database, clock, ids, notifier);
});
afterAll(async () => {
  await store.close();
  await database.close();
});
const empty = async () => {
  await database.query('TRUNCATE streams, events, feed, checkpoints, snapshots, things');
  await database.query('UPDATE feed_end SET position = 0');
};

const others: PostgresEventStore[] = [];
afterAll(() => Promise.all(others.map((each) => each.close())));
eventStoreContract('on PostgreSQL', async () => {
  await empty();
  const ofNextVersion = (upcasters: Upcasters) => {
    const next = new PostgresEventStore(database, clock, ids, notifier, { upcasters });
    others.push(next);
    return next;
  };
  const holdLease = async () =>
    (await new PostgresLeases(database, 'one').acquire('publisher')).lease!;
  return { store, units, ofNextVersion, holdLease };
});

describe('the trace of an append', () => {
  beforeEach(empty);
  const events = [{ type: 'Counted', data: { by: 1 } }];
  const inRequest = async (work: () => Promise<unknown>) => {
    const traces = await recordTraces();
    const attributes = { 'http.request.method': 'POST' };
    await inSpan({ kind: 'server', name: 'POST /x', attributes }, work);
    const spans = await traces.spans();
    await traces.stop();
    return spans.map(({ name }) => name);
  };

  it('has its statements in a unit of work', async () => {
    const names = await inRequest(() =>
      units.run((tx) => store.append({ stream: 'traced-1', expected: 0, events }, tx)),
    );
    expect(names).toEqual(
      expect.arrayContaining(['INSERT streams events feed_end feed', 'append events']),
    );
  });

  it('has no statement that it shares with other requests', async () => {
    const names = await inRequest(() => store.append({ stream: 'traced-2', expected: 0, events }));
    expect(names).toEqual(['append events', 'POST /x']);
  });
});

describe('a subscription', () => {
  beforeEach(empty);

  it('is not moved by an instance whose lease another one has taken', async () => {
    const { lease } = await new PostgresLeases(database, 'one').acquire('taken');
    await store.advanceSubscription('s', '1', lease!);
    await database.query("UPDATE leases SET epoch = epoch + 1 WHERE name = 'taken'");
    await expect(store.advanceSubscription('s', '2', lease!)).rejects.toThrow(LeaseLostError);
    const row = await units.run((uow) => uow.load(Checkpoint, 's'));
    expect(row).toMatchObject({ position: '1', version: 1 });
  });
});

describe('the feed', () => {
  beforeEach(empty);

  it('never shows a later event before an earlier one, in any commit order (H1, H3)', async () => {
    const seen: string[] = [];
    let position = '0';
    let done = false;
    const reader = (async () => {
      while (!done || (await store.readAll(position, 50)).events.length > 0) {
        const page = await store.readAll(position, 50);
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

describe('appends that share a commit', () => {
  beforeEach(empty);
  const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const appendTo = (n: number, size = 1) =>
    store.append({
      stream: `g-${n}`,
      expected: 0,
      events: Array.from({ length: size }, (_, i) => ({ id: id(n * 10 + i), type: 'A', data: {} })),
    });

  it('appends nothing twice and loses no acknowledged event when the connection is cut repeatedly', async () => {
    let done = false;
    let cuts = 0;
    const cutter = (async () => {
      while (!done) {
        const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name LIKE '% append' AND datname = current_database() AND state = 'active'`;
        cuts += (await database.query(sql)).length;
        await clock.sleep(3);
      }
    })();
    const results = new Map<number, PromiseSettledResult<number>>();
    let next = 0;
    const worker = async () => {
      while (next < 2_000) {
        const n = next++;
        const [result] = await Promise.allSettled([appendTo(n)]);
        results.set(n, result);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    done = true;
    await cutter;
    const there = new Set(
      (await database.query<{ stream: string }>('SELECT stream FROM events')).map(
        (each) => each.stream,
      ),
    );
    const wrong = [...results].filter(
      ([n, { status }]) => (status === 'fulfilled') !== there.has(`g-${n}`),
    );
    expect(wrong).toEqual([]);
    expect(cuts).toBeGreaterThan(5);
    expect(await store.lastPosition()).toBe(String(there.size));
    expect((await store.readAll('0', 5_000)).events).toHaveLength(there.size);
  });

  it('rejects only the invalid append of a batch', async () => {
    const [good, bad] = await Promise.allSettled([
      appendTo(1),
      store.append({
        stream: 'g-2',
        expected: 0,
        events: [{ type: 'A', data: { text: '\u0000' } }],
      }),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: 1 });
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: '22P05' } });
  });

  it('rejects appends when too many wait', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10_002 }, (_, n) => appendTo(n)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: expect.any(EventStoreOverloadedError) });
    expect(await store.lastPosition()).toBe(String(results.length - refused.length));
  });

  it('splits many or large appends into several statements, and keeps the order of each stream', async () => {
    const text = 'x'.repeat(100_000);
    const large = Array.from({ length: 30 }, (_, n) =>
      store.append({
        stream: `l-${n % 3}`,
        expected: 'any',
        events: [{ type: `T${n}`, data: { text } }],
      }),
    );
    await Promise.all([...large, appendTo(1, 9), appendTo(2, 9)]);
    const types = (await store.read('l-1')).map(({ type }) => type);
    expect(types).toEqual(['T1', 'T4', 'T7', 'T10', 'T13', 'T16', 'T19', 'T22', 'T25', 'T28']);
  });
});

describe('a projection', () => {
  beforeEach(empty);
  type Counted = DomainEvent<'Counted'>;
  const counting: Projection<Thing, Counted> = {
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
    while (await runBatch(counting, store, units));
    await append('t-1', 2);
    while (await runBatch(counting, store, units));
    expect(await counts()).toEqual({ 't-1': 5, 't-2': 1 });
  });

  it('counts every event once when two run at the same time', async () => {
    await append('t-1', 30);
    await Promise.all([runBatch(counting, store, units), runBatch(counting, store, units)]);
    while (await runBatch(counting, store, units));
    expect(await counts()).toEqual({ 't-1': 30 });
  });

  it('writes nothing when another instance has its lease', async () => {
    await append('t-1', 1);
    const lost = { name: 'projection:counting', epoch: '1' };
    await expect(runBatch(counting, store, units, { lease: lost })).rejects.toThrow(
      /another holder/,
    );
    expect(await counts()).toEqual({});
  });

  it('produces the same rows when it is rebuilt', async () => {
    await append('t-1', 3);
    await append('t-2', 4);
    while (await runBatch(counting, store, units));
    const before = await counts();
    await database.query('TRUNCATE things, checkpoints');
    while (await runBatch(counting, store, units));
    expect(await counts()).toEqual(before);
  });

  it('with rows that are not streams counts every event once, live and rebuilt', async () => {
    type Joined = DomainEvent<'Joined', { groups: string[] }>;
    const groups: MultiStreamProjection<Thing, Joined | Counted, Joined> = {
      name: 'groups',
      table: Thing,
      key: 'id',
      rowsOf: (_, first) => first.data.groups,
      initial: (id) => thing(id),
      on: { Joined: 'ignored', Counted: counting.on.Counted },
    };
    const join = (stream: string, ...names: string[]) =>
      store.append({
        stream,
        expected: 0,
        events: [{ type: 'Joined', data: { groups: names } }],
      });
    await join('t-1', 'red', 'blue');
    await join('t-2', 'blue');
    for (let n = 0; n < 40; n++) await append(`t-${1 + (n % 2)}`, 1);
    await Promise.all([runBatch(groups, store, units), runBatch(groups, store, units)]);
    const expected = { red: 20, blue: 40 };
    expect(await counts()).toEqual(expected);
    const lost = { name: 'projection:groups', epoch: '1' };
    await append('t-1', 1);
    await expect(runBatch(groups, store, units, { lease: lost })).rejects.toThrow(/another holder/);
    expect(await counts()).toEqual(expected);
    await database.query('UPDATE things SET count = 999');
    await rebuild(groups, store, database);
    while (await runBatch(groups, store, units));
    expect(await counts()).toEqual({ red: 21, blue: 41 });
  });

  it('stops at an unknown event, and continues when that event is declared as skipped', async () => {
    await append('t-1', 1);
    await store.append({ stream: 't-1', expected: 1, events: [{ type: 'New', data: {} }] });
    await expect(runBatch(counting, store, units)).rejects.toThrow(/does not know the event New/);
    expect(await counts()).toEqual({});
    await expect(rebuild(counting, store, database)).rejects.toThrow(/does not know/);
    const wiser: Projection<Thing, Counted | DomainEvent<'New'>> = {
      ...counting,
      on: { ...counting.on, New: 'ignored' },
    };
    while (await runBatch(wiser, store, units));
    expect(await counts()).toEqual({ 't-1': 1 });
  });

  it('can be read while paused, and resumes at its checkpoint', async () => {
    const lag = async () => (await metrics.subscriptionLagEvents.get()).values[0]?.value;
    await append('t-1', 2);
    while (await runBatch(counting, store, units));
    const since = await pause(counting.name, true, units);
    expect(await pause(counting.name, true, units)).toEqual(since);
    await append('t-1', 3);
    expect(await runBatch(counting, store, units)).toBe(false);
    expect(await counts()).toEqual({ 't-1': 2 });
    expect(await lag()).toBe(3);
    expect(await pause(counting.name, false, units)).toBeNull();
    while (await runBatch(counting, store, units));
    expect(await counts()).toEqual({ 't-1': 5 });
    expect(await lag()).toBe(0);
  });

  it('reads its checkpoint once, and again when it was paused, rebuilt, or moved by another instance', async () => {
    const reads = vi.spyOn(units, 'load');
    const runner = new ProjectionRunner(counting, store, units);
    const append1 = async () => append('t-1', 1);
    for (let n = 0; n < 3; n++) await append1().then(() => runner.next());
    expect(reads).toHaveBeenCalledTimes(1);
    reads.mockRestore();
    await pause(counting.name, true, units);
    await append1();
    expect(await runner.next()).toEqual({ events: 0, isFull: false });
    await pause(counting.name, false, units);
    await rebuild(counting, store, database);
    await append1();
    expect(await runner.next()).toEqual({ events: 1, isFull: false });
    await append1();
    await runBatch(counting, store, units);
    await append1();
    expect(await runner.next()).toEqual({ events: 1, isFull: false });
    expect(await counts()).toEqual({ 't-1': 7 });
  });

  it('is rebuilt next to the live table, which stays current, and replaces it without a failed read', async () => {
    for (let n = 0; n < 40; n++) await append(`t-${n % 7}`, 1 + (n % 3));
    while (await runBatch(counting, store, units));
    await database.query("UPDATE things SET count = 999 WHERE id = 't-1'"); // make the projection wrong
    let done = false;
    const failures: unknown[] = [];
    const reader = (async () => {
      while (!done) await counts().catch((error: unknown) => failures.push(error));
    })();
    const writer = (async () => {
      for (let n = 0; !done; n++) {
        await append(`t-${n % 7}`, 2);
        await runBatch(counting, store, units);
      }
    })();
    const progress: number[] = [];
    for (let n = 0; n < 5; n++)
      await rebuild(counting, store, database, ({ events }) => progress.push(events));
    done = true;
    await Promise.all([reader, writer]);
    while (await runBatch(counting, store, units));
    const folded = new Map<string, number>();
    for (const { stream } of (await store.readAll('0', 100_000)).events)
      folded.set(stream, (folded.get(stream) ?? 0) + 1);
    expect(failures).toEqual([]);
    expect(await counts()).toEqual(Object.fromEntries(folded));
    expect(progress.length).toBeGreaterThan(0);
  });

  it('rejects a second rebuild while one runs, and completes the first', async () => {
    for (let n = 0; n < 20; n++) await append(`t-${n % 7}`, 3);
    const [locked, begun, released] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const holder = units.run(async (uow) => {
      await (uow as PostgresUnitOfWork).query('LOCK TABLE things IN ROW SHARE MODE', []);
      locked!.resolve();
      await released!.promise; // until then the first rebuild cannot end
    });
    await locked!.promise;
    const first = rebuild(counting, store, database, () => begun!.resolve());
    await begun!.promise;
    await expect(rebuild(counting, store, database)).rejects.toThrow(
      'Projection counting is being rebuilt already: wait until that rebuild is done',
    );
    released!.resolve();
    await holder;
    expect(await first).toBe(60);
    expect(await rebuild(counting, store, database)).toBe(60);
  });
});
