import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database, type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { type PostgresUnitOfWork, PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { DeadLetterBytes1760000011000 } from './dead-letter-bytes.migration.ts';
import { letterDetails, letterPage } from './dead-letter-pages.ts';
import { DeadLetterNotFoundError } from './dead-letters.ts';
import type { Envelope } from './envelope.ts';
import { messageTables } from './message-tables.ts';
import { DeadLetters, type IncomingRecord, MessageConsumer } from './parts.ts';
import { envelope } from './testing/messaging.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const contract = {
  topic: 'things.v1',
  senders: ['test'],
  type: 'ThingChanged',
  data: z.object({ n: z.number() }),
};
type Handle = (message: Envelope, uow: PostgresUnitOfWork) => Promise<void>;

let database: Database;
let units: PostgresUnitOfWorkRunner;
/** Messages handled and committed, in order of handling; `handle` runs before each. */
let done: string[];
let handled = 0;
const order = new Map<string, number>();
let handle: Handle;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_dead_letters', messageTables);
  units = new PostgresUnitOfWorkRunner(
    database,
    { service: 'test', clock, ids },
    new MemoryNotifier(clock),
  );
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.query('TRUNCATE inbox, outbox, dead_letters');
  done = [];
  handle = async () => undefined;
});

const log = makeLog('test', 'test', 'silent');
/** One instance of the service; several share its database. */
const instance = (own: UnitOfWorkRunner = units) =>
  new MessageConsumer(
    'test',
    own,
    [
      {
        contract,
        handle: async (message: Envelope, uow: UnitOfWork) => {
          await handle(message, uow as PostgresUnitOfWork);
          // The results of two commits may arrive in either order; the handlers ran one after the other.
          const label = `${message.subject}${(message.data as { n: number }).n}`;
          const at = ++handled;
          uow.afterCommit(() => {
            order.set(label, at);
            done.push(label);
            done.sort((a, b) => order.get(a)! - order.get(b)!);
          });
        },
      },
    ],
    clock,
    log,
  );
const redrive = (key: string) =>
  new DeadLetters(units, clock, log).redriveKey(key, 'grace', instance());

let offset = 0;
const record = (key: string | Buffer, value: string | Buffer): IncomingRecord => ({
  topic: 'things.v1',
  key: Buffer.from(key as string),
  value: Buffer.from(value as string),
  position: { partition: 0, offset: String(offset++) },
});
const change = (subject: string, n: number) =>
  record(subject, JSON.stringify(envelope(subject, { n })));
const waiting = () =>
  database.query<{ message_id: string; key: string; reason: string; value: Buffer }>(
    'SELECT * FROM dead_letters WHERE NOT redriven ORDER BY serial',
  );

describe('parking', () => {
  const nul = '\u0000';
  const valid = envelope('a', { n: 1 });
  const oddEnvelope = (more: object) =>
    JSON.stringify({ ...envelope('a', { n: 'rejected by the schema' }), ...more });
  it.each<[string, string | Buffer, string | Buffer]>([
    ['a value with a NUL byte', 'k', `a${nul}b`],
    ['an empty value, as a tombstone has', 'k', ''],
    ['bytes that are no UTF-8', 'k', Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28])],
    ['a lone surrogate', 'k', JSON.stringify({ text: '\ud800' })],
    ['3 MB', 'k', 'x'.repeat(3_000_000)],
    ['JSON nested 100,000 deep', 'k', '['.repeat(100_000)],
    ['a key with a NUL byte', `k${nul}`, 'x'],
    ['a key longer than an index takes', randomBytes(6_000).toString('hex'), 'x'],
    ['a key that is no UTF-8', Buffer.from([0xff, 0x00]), 'x'],
    ['a subject with a NUL byte', `a${nul}`, oddEnvelope({ subject: `a${nul}` })],
    ['a source with a lone surrogate', 'a', oddEnvelope({ source: '\udc00' })],
    ['a correlation id with a NUL byte', 'a', oddEnvelope({ correlationid: nul })],
    ['data with a NUL byte', 'a', oddEnvelope({ data: { n: nul } })],
    [
      'data nested 100,000 deep',
      'a',
      JSON.stringify({ ...valid, data: { n: 1, x: 0 } }).replace(
        '"x":0',
        `"x":${'['.repeat(100_000)}${']'.repeat(100_000)},"n":"refused"`,
      ),
    ],
  ])('keeps %s byte for byte, and continues with other keys', async (_, key, value) => {
    await instance().handle([record(key, value), change('other', 1)]);
    expect(done).toEqual(['other1']);
    const letters = await waiting();
    expect(letters).toHaveLength(1);
    expect(letters[0]!.value.equals(Buffer.from(value as string))).toBe(true);
    // By its id: a record of a forged source has no key.
    const { message_id: id } = letters[0]!;
    await new DeadLetters(units, clock, log).redrive(id, 'grace', instance());
    expect(await waiting()).toHaveLength(1);
  });

  it('keeps a reason with a NUL byte, and a thrown value that is no error', async () => {
    for (const thrown of [new Error(`bad${nul}\ud800`), undefined]) {
      handle = async ({ subject }) => {
        if (subject === 'a') throw thrown;
      };
      await instance().handle([change('a', 1), change('b', 1)]);
    }
    expect(await waiting()).toHaveLength(2);
  });

  it('skips a record that another instance has handled meanwhile, so that its key continues', async () => {
    const moved = change('a', 1);
    let [runs, rejections] = [0, 0];
    /** The instance that loses the partition: before it parks, the other one has handled the record. */
    class Losing extends UnitOfWorkRunner {
      override async run<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T> {
        if (++runs === 5) await instance().handle([moved]); // the batch, three attempts, then parking
        return units.run(work);
      }
    }
    handle = async () => {
      if (rejections++ < 4) throw new Error('rejected here');
    };
    await instance(new Losing()).handle([moved]);
    expect(await waiting()).toEqual([]);
    await instance().handle([change('a', 2)]);
    expect(done).toEqual(['a1', 'a2']);
  });
});

describe('a transient error', () => {
  it.each<[string, string, Handle]>([
    [
      '55P03, a lock that another one holds',
      'lock timeout',
      async (_, uow) => {
        await uow.query("SET LOCAL lock_timeout = '20ms'", []);
        await units.run(async (other) => {
          await (other as PostgresUnitOfWork).query('LOCK TABLE leases', []);
          await uow.query('LOCK TABLE leases', []);
        });
      },
    ],
    [
      '57014, a statement that takes too long',
      'statement timeout',
      async (_, uow) => {
        await uow.query("SET LOCAL statement_timeout = '20ms'", []);
        await uow.query('SELECT pg_sleep(5)', []);
      },
    ],
    [
      '57P01, a connection that the server ends',
      'terminat',
      async (_, uow) => {
        await uow.query('SELECT pg_terminate_backend(pg_backend_pid())', []);
      },
    ],
    [
      '53400, no resources left',
      'no room',
      async (_, uow) => {
        await uow.query(
          "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53400'; END $$",
          [],
        );
      },
    ],
  ])(
    '%s, goes back to the transport: nothing is parked, and it is handled later',
    async (_, message, failing) => {
      const batch = [change('a', 1), change('a', 2)];
      handle = failing;
      await expect(instance().handle(batch)).rejects.toThrow(message);
      expect(await waiting()).toEqual([]);
      handle = async () => undefined;
      await instance().handle(batch);
      expect(done).toEqual(['a1', 'a2']);
    },
  );
});

describe('a redrive', () => {
  /** Parks the first message of the key. */
  const park = async (subject: string) => {
    handle = async () => {
      throw new Error('refused');
    };
    await instance().handle([change(subject, 1)]);
    handle = async () => undefined;
  };
  const isWaitingForLock = async () => {
    const rows = await database.query(
      "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
    );
    return rows.length > 0;
  };

  it('concurrent with parking a message of its key leaves none behind', async () => {
    await park('a');
    const [parked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    handle = async ({ subject }) => {
      if (subject !== 'b') return;
      parked.resolve();
      await released.promise;
    };
    // One transaction: a2 is parked behind a1, b1 keeps the transaction open.
    const arriving = instance().handle([change('a', 2), change('b', 1)]);
    await parked.promise;
    let isOver = false;
    const redriving = redrive('a').finally(() => {
      isOver = true;
    });
    await expect.poll(async () => isOver || (await isWaitingForLock())).toBe(true);
    released.resolve();
    await Promise.all([arriving, redriving]);
    expect(await waiting()).toEqual([]);
    expect(done.filter((each) => each.startsWith('a'))).toEqual(['a1', 'a2']);
  });

  it('in progress blocks a message of its key, which is handled after it', async () => {
    await park('a');
    const [redriven, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    handle = async ({ data }) => {
      if ((data as { n: number }).n !== 1) return;
      redriven.resolve();
      await released.promise;
    };
    const redriving = redrive('a');
    await redriven.promise;
    const arriving = instance().handle([change('a', 2)]);
    await expect.poll(isWaitingForLock).toBe(true);
    released.resolve();
    await Promise.all([arriving, redriving]);
    expect(done).toEqual(['a1', 'a2']);
    expect(await waiting()).toEqual([]);
  });

  it('requested twice at the same time handles each message once', async () => {
    await park('a');
    await instance().handle([change('a', 2)]);
    // The slower one may find nothing any more, and then rejects.
    const isOver = (error: Error) => {
      expect(error).toBeInstanceOf(DeadLetterNotFoundError);
      return { redriven: 0 };
    };
    const answers = await Promise.all([redrive('a').catch(isOver), redrive('a').catch(isOver)]);
    expect(answers.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(2);
    expect(done).toEqual(['a1', 'a2']);
  });

  it('keeps the order of arrival, independent of the offsets of the topics', async () => {
    await park('a');
    const earlier = { ...change('a', 2), position: { partition: 0, offset: '0' } };
    await instance().handle([earlier]);
    await redrive('a');
    expect(done).toEqual(['a1', 'a2']);
  });
});

describe('next to a version that stored the envelope only', () => {
  const OLD = 'message_id, topic, key, envelope, reason, arrival, parked_at, redriven, version';
  const parkedByOld = (message: Envelope, arrival: number, value: object = message) =>
    database.query(
      `INSERT INTO dead_letters (${OLD}) VALUES ($1, 'things.v1', $2, $3, 'refused', $4, now(), false, 1)`,
      [message.id, message.subject, value, arrival],
    );

  it('its letters are listed, shown, and redriven in order', async () => {
    await parkedByOld(envelope('a', { n: 1 }), 7);
    await parkedByOld(envelope('a', { n: 2 }), 8);
    await parkedByOld(envelope('b'), 9, { malformed: 'nonsense' });
    const { items, next } = await letterPage(database, {
      status: 'waiting',
      after: '0',
      limit: 2,
    });
    expect(items).toMatchObject([
      { key: 'a', type: 'ThingChanged', status: 'waiting' },
      { key: 'a' },
    ]);
    const [last] = (await letterPage(database, { status: 'all', key: 'b', after: next!, limit: 2 }))
      .items;
    expect(await letterDetails(database, last!.id)).toMatchObject({
      headers: {},
      value: { text: 'nonsense', bytes: 8 },
    });
    expect(await redrive('a')).toMatchObject({ redriven: 2 });
    expect(done).toEqual(['a1', 'a2']);
  });

  it('that version can read what this one parks', async () => {
    await instance().handle([record('k', 'nonsense')]);
    const [row] = await database.query(`SELECT ${OLD} FROM dead_letters WHERE NOT redriven`);
    expect(row).toMatchObject({ key: 'k', envelope: {}, version: 1 });
  });

  it('the migration numbers its letters by their arrival, and marks those that were redriven', async () => {
    const runner = database.source.createQueryRunner();
    const migration = new DeadLetterBytes1760000011000();
    await migration.down(runner);
    await parkedByOld(envelope('late'), 20);
    await database.query("UPDATE dead_letters SET parked_at = now() + interval '1 s'");
    await parkedByOld(envelope('early'), 30);
    await database.query("UPDATE dead_letters SET redriven = true WHERE key = 'early'");
    await migration.up(runner);
    await runner.release();
    const rows = await database.query('SELECT key, outcome FROM dead_letters ORDER BY serial');
    expect(rows).toEqual([
      { key: 'early', outcome: 'redriven' },
      { key: 'late', outcome: null },
    ]);
    await instance().handle([record('latest', 'nonsense')]);
    expect((await waiting()).map(({ key }) => key)).toEqual(['late', 'latest']);
  });
});
