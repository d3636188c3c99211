import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { Database } from '@fieldguide/database';
import {
  PostgresUnitOfWork,
  PostgresUnitOfWorkRunner,
  pruneNext,
} from '@fieldguide/database/parts';
import {
  freshDatabase,
  Thing,
  ThingsTable1760000009000,
  thing,
} from '@fieldguide/database/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { accept } from './accept.ts';
import type { Envelope } from './envelope.ts';
import { handledDeadLetters, inboxRetention, messageTables } from './message-tables.ts';
import { messageTablesContract } from './testing/message-tables.contract.ts';

let database: Database & { url: string };
let units: PostgresUnitOfWorkRunner;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_message_tables', {
    entities: [...messageTables.entities, Thing],
    migrations: [...messageTables.migrations, ThingsTable1760000009000],
  });
  const clock = new SystemClock();
  const origin = { service: 'test', clock, ids: new SystemIds() };
  units = new PostgresUnitOfWorkRunner(database, origin, new MemoryNotifier(clock));
});
afterAll(() => database.close());

messageTablesContract('on PostgreSQL', async () => {
  await database.query('TRUNCATE things, inbox, outbox, dead_letters');
  return units;
});

describe('a unit of work', () => {
  it('writes all rows of a table with one statement, and takes the time from that of the inbox', async () => {
    await database.query('TRUNCATE things, inbox');
    const statements = vi.spyOn(PostgresUnitOfWork.prototype, 'query');
    const message = { id: '00000000-0000-7000-8000-000000000001', correlationid: 'c' };
    await units.run(async (uow) => {
      await accept(uow, message as Envelope);
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
});

it('leaves the tables of an earlier version as they are', async () => {
  await database.query("INSERT INTO outbox (topic, envelope) VALUES ('things.v1', '{}')");
  await database.query("DELETE FROM migrations WHERE name = 'MessageTables1760000000001'");
  expect(await database.migrate()).toEqual(['MessageTables1760000000001']);
  expect(await database.query('SELECT FROM outbox')).toHaveLength(1);
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
