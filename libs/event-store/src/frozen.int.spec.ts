import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { slowness } from '@fieldguide/clock/testing';
import { type Database } from '@fieldguide/database';
import { freshDatabase, limits } from '@fieldguide/database/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Checkpoint, eventStoreMigrations, PostgresEventStore } from './parts.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const reports: string[] = [];
let database: Database & { url: string };
let store: PostgresEventStore;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_frozen', {
    entities: [Checkpoint],
    migrations: eventStoreMigrations,
  });
  const notifier = new MemoryNotifier(clock);
  store = new PostgresEventStore(database, clock, ids, notifier, {
    report: (text) => reports.push(text),
  });
});
afterAll(async () => {
  await store.close();
  await database.close();
});

/** Another instance, between append and commit: it locks the feed's counter. It has the time limits of every service. */
const writer = `
  import pg from 'pg';
  const client = new pg.Client({
    connectionString: process.env.URL,
    application_name: 'frozen-writer',
    ...JSON.parse(process.env.LIMITS),
  });
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  await client.query("INSERT INTO streams VALUES ('frozen', 1)");
  await client.query("INSERT INTO events VALUES ('frozen', 1, gen_random_uuid(), 'A', '{}', '{}', now())");
  await client.query('UPDATE feed_end SET position = position + 1');
  await client.query("INSERT INTO feed SELECT position, 'frozen', 1 FROM feed_end");
  process.stdout.write('appended');
  setInterval(() => {}, 1000);
`;
const append = (stream: string) =>
  store.append({ stream, expected: 0, events: [{ type: 'A', data: {} }] });

it('delays other writers by at most 5 s when a writer freezes between append and commit, logs that writer, and leaves no gap', async () => {
  await append('before');
  const frozen = spawn(process.execPath, ['--input-type=module', '-e', writer], {
    env: { ...process.env, URL: database.url, LIMITS: JSON.stringify(limits) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => frozen.stdout.once('data', resolve));
  frozen.kill('SIGSTOP');
  const begun = performance.now();
  await append('behind it');
  expect(performance.now() - begun).toBeLessThan(5_000 * slowness());
  expect(reports[0]).toMatch(/An append waits: frozen-writer .* has a transaction open/);
  frozen.kill('SIGKILL');
  const { events, position } = await store.readAll('0', 10);
  expect(events.map(({ stream }) => stream)).toEqual(['before', 'behind it']);
  expect(position).toBe('2');
});
