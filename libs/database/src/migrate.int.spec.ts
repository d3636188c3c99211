import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createIndexConcurrently, Database } from './index.ts';
import { freshDatabase, ThingsTable1760000009000 } from './testing/index.ts';

let database: Database & { url: string };
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_migrate', {
    migrations: [ThingsTable1760000009000],
  });
});
afterAll(() => database.close());
beforeEach(() => database.query("DELETE FROM migrations WHERE name LIKE '%Test%'"));

abstract class TestMigration implements MigrationInterface {
  abstract name: string;
  abstract up(runner: QueryRunner): Promise<void>;

  async down(): Promise<void> {}
}

async function migrate(Migration: new () => MigrationInterface): Promise<readonly string[]> {
  const limits = { statement_timeout: 500, query_timeout: 700 };
  const own = new Database({ url: database.url, entities: [], migrations: [Migration], limits });
  await own.open();
  return own.migrate().finally(() => own.close());
}

class LongTest1760000099001 extends TestMigration {
  readonly name = 'LongTest1760000099001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('SELECT pg_sleep(1)');
  }
}

it('runs a migration that takes longer than the time limit of a statement', async () => {
  expect(await migrate(LongTest1760000099001)).toEqual(['LongTest1760000099001']);
});

class AlterTest1760000099002 extends TestMigration {
  readonly name = 'AlterTest1760000099002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE things ADD COLUMN IF NOT EXISTS more int');
  }
}

it('lets other statements pass while a migration waits for a lock, and retries it', async () => {
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('BEGIN; SELECT * FROM things');
  const migrating = migrate(AlterTest1760000099002);
  const waiting = () =>
    database.query(
      "SELECT FROM pg_stat_activity WHERE query LIKE 'ALTER%' AND wait_event_type = 'Lock'",
    );
  await expect.poll(async () => (await waiting()).length).toBe(1);
  expect(await database.query('SELECT FROM things')).toEqual([]); // while the other transaction still holds its lock
  await sleep(1_500); // longer than one attempt
  await holder.end();
  expect(await migrating).toEqual(['AlterTest1760000099002']);
});

class IndexTest1760000099003 extends TestMigration {
  readonly name = 'IndexTest1760000099003';
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'things_due', 'ON things (due_at)');
  }
}

it('creates an index outside a transaction, also when an earlier attempt has left an index', async () => {
  await database.query('CREATE INDEX things_due ON things (id)');
  await migrate(IndexTest1760000099003);
  const [index] = await database.query<{ indexdef: string }>(
    "SELECT indexdef FROM pg_indexes WHERE indexname = 'things_due'",
  );
  expect(index?.indexdef).toContain('(due_at)');
});

class OnceTest1760000099004 extends TestMigration {
  readonly name = 'OnceTest1760000099004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('SELECT pg_sleep(0.3)');
    await runner.query('CREATE TABLE once ()');
  }
}

it('runs one of two concurrent migrations; the second waits and finds nothing to do', async () => {
  const both = [migrate(OnceTest1760000099004), migrate(OnceTest1760000099004)];
  expect((await Promise.all(both)).flat()).toEqual(['OnceTest1760000099004']);
});
