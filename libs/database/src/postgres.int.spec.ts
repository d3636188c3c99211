import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { makeLog } from '@fieldguide/telemetry';
import { startLeasedWorker } from '@fieldguide/workers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Database } from './index.ts';
import {
  DatabaseTables1760000000000,
  PostgresLeases,
  PostgresNotifier,
  PostgresUnitOfWork,
  PostgresUnitOfWorkRunner,
} from './parts.ts';
import {
  freshDatabase,
  Note,
  note,
  Thing,
  ThingsTable1760000009000,
  thing,
} from './testing/index.ts';
import { unitOfWorkContract } from './testing/unit-of-work.contract.ts';

const clock = new SystemClock();
let database: Database & { url: string };
let notifier: PostgresNotifier;
let units: PostgresUnitOfWorkRunner;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_database', {
    entities: [Thing, Note],
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
  await database.query('TRUNCATE things, notes, leases');
  return {
    units,
    lease: async (name, epoch) => {
      await database.query("INSERT INTO leases VALUES ($1, 'other', $2, 'infinity')", [
        name,
        epoch,
      ]);
    },
  };
});

describe('a unit of work', () => {
  it('numbers appended rows in the order in which the transactions of a row commit', async () => {
    await database.query('TRUNCATE things, notes');
    const append = (text: string, meanwhile?: () => Promise<void>) =>
      units.run(async (uow) => {
        uow.append(Note, note(text));
        await meanwhile?.();
        const row = (await uow.load(Thing, 'a')) ?? thing('a');
        await uow.save(Thing, row);
      });
    await append('later', () => append('earlier'));
    const notes = await units.run((uow) => uow.find(Note, {}, 9, 'id'));
    expect(notes.map(({ text }) => text)).toEqual(['earlier', 'later']);
  });

  it('wakes a channel after the commit, and never when it fails', async () => {
    const wake = (fails: boolean) =>
      units.run(async (uow) => {
        uow.notify('woken');
        expect(notifier.count('woken')).toBe(0);
        if (fails) throw new Error('half-way');
      });
    await expect(wake(true)).rejects.toThrow('half-way');
    await wake(false);
    expect(notifier.count('woken')).toBe(1);
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

  it('is sent only while another instance listens', async () => {
    const tables = { entities: [], migrations: [] };
    const own = await freshDatabase(inject('backing').postgres, 'int_notifier', tables);
    const sent = vi.spyOn(pg.Client.prototype, 'query');
    const alone = await new PostgresNotifier(clock, own.url).open();
    for (let n = 0; n < 20; n++) {
      alone.notify('own');
      await clock.sleep(10);
    }
    // That it has opened, and at most one before it knew that it is alone.
    const sends = sent.mock.calls.filter(([text]) => String(text).includes('pg_notify'));
    expect(sends.length).toBeLessThanOrEqual(2);
    sent.mockRestore();

    const other = await new PostgresNotifier(clock, own.url).open();
    await expect.poll(() => other.count('own')).toBe(1); // kept for it
    alone.notify('feed');
    await expect.poll(() => other.count('feed')).toBe(1);
    await Promise.all([alone.close(), other.close(), own.close()]);
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
