import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { makeLog } from '@fieldguide/telemetry';
import { startLeasedWorker } from '@fieldguide/workers';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Database, type Envelope } from './index.ts';
import {
  DatabaseTables1760000000000,
  handledDeadLetters,
  inboxRetention,
  PostgresLeases,
  PostgresNotifier,
  PostgresUnitOfWork,
  PostgresUnitOfWorkRunner,
  pruneNext,
} from './parts.ts';
import { freshDatabase, Thing, ThingsTable1760000009000, thing } from './testing/index.ts';
import { unitOfWorkContract } from './testing/unit-of-work.contract.ts';

const clock = new SystemClock();
let database: Database & { url: string };
let notifier: PostgresNotifier;
let units: PostgresUnitOfWorkRunner;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_database', {
    entities: [Thing],
    migrations: [ThingsTable1760000009000],
  });
  notifier = await new PostgresNotifier(clock, database.url).open();
  units = new PostgresUnitOfWorkRunner(
    database,
    { service: 'test', clock, ids: new SystemIds() },
    notifier,
  );
});
afterAll(async () => {
  await notifier.close();
  await database.close();
});

unitOfWorkContract('on PostgreSQL', async () => {
  await database.query('TRUNCATE things, inbox, outbox, dead_letters, leases');
  return {
    units,
    outgoing: async () => {
      const rows = await database.query<{ envelope: Envelope }>(
        'SELECT envelope FROM outbox ORDER BY id',
      );
      return rows.map(({ envelope }) => envelope);
    },
    lease: async (name, epoch) => {
      await database.query("INSERT INTO leases VALUES ($1, 'other', $2, 'infinity')", [
        name,
        epoch,
      ]);
    },
  };
});

describe('a unit of work', () => {
  it('writes all rows of a table with one statement, and takes the time from that of the inbox', async () => {
    await database.query('TRUNCATE things, inbox');
    const statements = vi.spyOn(PostgresUnitOfWork.prototype, 'query');
    const message = { id: '00000000-0000-7000-8000-000000000001', correlationid: 'c' };
    await units.run(async (uow) => {
      await uow.accept(message as Envelope);
      for (const id of ['a', 'b']) {
        const [dueAt, other] = [await uow.databaseTime(), await uow.databaseTime()];
        expect(other.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
        await uow.save(Thing, thing(id, { dueAt }));
      }
    });
    expect(statements).toHaveBeenCalledTimes(2);
    statements.mockRestore();
    const [row] = await database.query<{ ms: number }>(
      'SELECT extract(epoch FROM clock_timestamp() - min(due_at))::float8 * 1000 AS ms FROM things',
    );
    expect(Math.abs(row!.ms)).toBeLessThan(5_000);
  });

  it('replaces half of a character as PostgreSQL does for text', async () => {
    await units.run((uow) => uow.save(Thing, thing('half \ud83d')));
    expect(await units.run((uow) => uow.load(Thing, 'half \ufffd'))).toBeDefined();
  });
});

describe('a lease', () => {
  const [one, two] = [
    () => new PostgresLeases(database, 'one', 300),
    () => new PostgresLeases(database, 'two', 300),
  ];

  it('has one holder, and a new one with a greater epoch when the first stops renewing', async () => {
    const { lease: first } = await one().acquire('a');
    expect(first).toBeDefined();
    const others = await two().acquire('a');
    expect(others.lease).toBeUndefined();
    expect(others.retryInMs).toBeGreaterThan(0);
    expect(others.retryInMs).toBeLessThanOrEqual(310);
    expect((await one().acquire('a')).lease).toEqual(first); // renewed, not acquired again
    await clock.sleep((await two().acquire('a')).retryInMs);
    const { lease: second } = await two().acquire('a');
    expect(Number(second!.epoch)).toBeGreaterThan(Number(first!.epoch));
    await expect(units.run((uow) => uow.assertHeld(first!))).rejects.toThrow(/another holder/);
  });

  it('can be released immediately', async () => {
    const { lease } = await one().acquire('b');
    await one().release(lease!);
    expect((await two().acquire('b')).lease).toBeDefined();
  });

  const log = makeLog('test', 'test', 'silent');
  const loopOf = (name: string, leases: PostgresLeases, step: () => Promise<boolean>) =>
    startLeasedWorker({ name, channel: name, idleMs: 5, notifier, clock, log }, leases, step);

  it('lets one of several loops work', async () => {
    const workers = new Set<string>();
    const loops = ['x', 'y'].map((holder) =>
      loopOf('loop', new PostgresLeases(database, holder, 2_000), async () => {
        workers.add(holder);
        return false;
      }),
    );
    await expect.poll(() => workers.size).toBe(1);
    await Promise.all(loops.map((loop) => loop.stop()));
    expect(workers.size).toBe(1);
  });

  it.each(['stops', 'fails'])(
    'passes to a waiting loop immediately when the holder %s',
    async (how) => {
      let isFailing = false;
      const name = `passes when it ${how}`;
      const holder = loopOf(name, new PostgresLeases(database, 'x', 60_000), async () => {
        if (isFailing) throw new Error('this version cannot');
        return false;
      });
      const holds = () =>
        database.query<{ holder: string }>('SELECT holder FROM leases WHERE name = $1', [name]);
      await expect.poll(holds).toEqual([{ holder: 'x' }]);
      const tried = Promise.withResolvers<void>();
      class ObservedLeases extends PostgresLeases {
        override async acquire(which: string) {
          const held = await super.acquire(which);
          tried.resolve();
          return held;
        }
      }
      const standby = loopOf(name, new ObservedLeases(database, 'y', 60_000), async () => false);
      await tried.promise;
      if (how === 'fails') isFailing = true;
      else await holder.stop();
      await expect.poll(holds).toEqual([{ holder: 'y' }]);
      await Promise.all([holder.stop(), standby.stop()]);
    },
  );
});

describe('a wake-up', () => {
  it('reaches another instance', async () => {
    const other = await new PostgresNotifier(clock, database.url).open();
    const begun = performance.now();
    const woken = other.wait('feed', 60_000, new AbortController().signal);
    notifier.notify('feed');
    await woken;
    expect(performance.now() - begun).toBeLessThan(50_000);
    await other.close();
  });

  it('counts once in the process that sent it, although PostgreSQL returns it', async () => {
    const other = await new PostgresNotifier(clock, database.url).open();
    const answered = notifier.wait('answer', 60_000, new AbortController().signal);
    const received = other.wait('own', 60_000, new AbortController().signal);
    notifier.notify('own');
    await received;
    other.notify('answer'); // arrives after the returned one, on the same connection
    await answered;
    expect(notifier.count('own')).toBe(1);
    await other.close();
  });

  it('is sent before the connection closes, although others have just been sent', async () => {
    const other = await new PostgresNotifier(clock, database.url).open();
    for (const channel of ['first', 'second']) {
      const received = notifier.wait(channel, 60_000, new AbortController().signal);
      other.notify(channel);
      if (channel === 'first') await received; // now the next one waits for its turn
    }
    other.notify('last');
    await other.close();
    await expect.poll(() => [notifier.count('second'), notifier.count('last')]).toEqual([1, 1]);
  });

  it('arrives again after its connection was lost', async () => {
    const other = await new PostgresNotifier(clock, database.url).open();
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notifier' AND datname = current_database()",
    );
    const isWoken = async () => {
      const begun = performance.now();
      const woken = other.wait('again', 2_000, new AbortController().signal);
      notifier.notify('again');
      await woken;
      return performance.now() - begun < 1_900;
    };
    await expect.poll(isWoken).toBe(true);
    await other.close();
  });
});

describe('the inbox', () => {
  it('deletes only the messages that no topic can deliver again', async () => {
    await database.query('TRUNCATE inbox');
    await database.query(
      "INSERT INTO inbox VALUES (gen_random_uuid(), now() - interval '10 days'), (gen_random_uuid(), now() - interval '8 days')",
    );
    expect(await pruneNext(database, inboxRetention)).toBe(false);
    expect(await database.query('SELECT FROM inbox')).toHaveLength(1);
  });

  it('is pruned in batches, regardless of how long the whole deletion takes', async () => {
    await database.query('TRUNCATE inbox');
    await database.query(
      "INSERT INTO inbox SELECT gen_random_uuid(), now() - interval '30 days' FROM generate_series(1, 1000)",
    );
    // Deleting a row takes two milliseconds, and a statement one second at most.
    await database.query(
      "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.002); RETURN OLD; END'",
    );
    await database.query(
      'CREATE TRIGGER slowly BEFORE DELETE ON inbox FOR EACH ROW EXECUTE FUNCTION slowly()',
    );
    const limits = { statement_timeout: 1_000 };
    const own = await new Database({
      url: database.url,
      entities: [],
      migrations: [],
      limits,
    }).open();
    const instances = [1, 2].map(async () => {
      while (await pruneNext(own, inboxRetention, 50));
    });
    await Promise.all(instances);
    await own.close();
    await database.query('DROP FUNCTION slowly CASCADE');
    expect(await database.query('SELECT FROM inbox')).toEqual([]);
  });
});

describe('a dead letter', () => {
  it('is deleted 30 days after it was handled, not earlier', async () => {
    await database.query('TRUNCATE dead_letters');
    for (const [handledAt, redriven] of [
      ["now() - interval '31 days'", true],
      ["now() - interval '29 days'", true],
      ['NULL', true], // written by a version without the column
      ['NULL', false],
    ] as const)
      await database.query(
        `INSERT INTO dead_letters (message_id, topic, key, envelope, reason, arrival, parked_at, redriven, version, handled_at)
         VALUES (gen_random_uuid(), 't', 'k', '{}', '', 1, now() - interval '60 days', ${redriven}, 1, ${handledAt})`,
      );
    await pruneNext(database, handledDeadLetters);
    expect(await database.query('SELECT FROM dead_letters')).toHaveLength(2);
  });
});

describe('a database', () => {
  it('is rejected when it is older than the code', async () => {
    class Newer1790000000000 extends ThingsTable1760000009000 {
      override readonly name = 'Newer1790000000000' as never;
    }
    const migrations = [DatabaseTables1760000000000, Newer1790000000000];
    const behind = await new Database({ url: database.url, entities: [], migrations }).open();
    await expect(behind.assertMigrated()).rejects.toThrow(/Newer1790000000000 not run[\s\S]*Try:/);
    await behind.close();
  });

  it('is named by its address, without the password, when it cannot be reached', async () => {
    const url = 'postgres://user:hidden@127.0.0.1:9/nothing';
    const opening = new Database({ url, entities: [], migrations: [] }).open();
    await expect(opening).rejects.toThrow(/127\.0\.0\.1:9\/nothing[\s\S]*Try:/);
    await expect(opening).rejects.not.toThrow(/hidden/);
  });

  it('ends a transaction that waits too long for a lock, and bounds every statement', async () => {
    await units.run((uow) => uow.save(Thing, thing('held')));
    const settings = await database.query<{ setting: string }>(
      "SELECT setting FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout')",
    );
    expect(settings.map(({ setting }) => Number(setting) > 0)).toEqual([true, true, true]);
    const held = Promise.withResolvers<void>();
    const holder = units.run(async (uow) => {
      await uow.lock(Thing, ['held']);
      held.resolve();
      await (uow as PostgresUnitOfWork).query('SELECT pg_sleep(5.5)', []);
    });
    await held.promise; // the second unit of work may have the faster connection
    await expect(units.run((uow) => uow.lock(Thing, ['held']))).rejects.toThrow(/lock timeout/);
    await holder;
  });

  it('ends an idle transaction before the transactions that wait for it give up', async () => {
    await units.run((uow) => uow.save(Thing, thing('idle')));
    const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const idle = units.run(async (uow) => {
      await uow.lock(Thing, ['idle']);
      held.resolve();
      await released.promise;
    });
    await held.promise;
    expect(await units.run((uow) => uow.lock(Thing, ['idle']))).toHaveLength(1);
    released.resolve();
    await expect(idle).rejects.toThrow();
  });
});
