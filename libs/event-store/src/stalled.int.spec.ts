import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { Database } from '@fieldguide/database';
import { freshDatabase, StallingProxy } from '@fieldguide/database/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Checkpoint, eventStoreMigrations, PostgresEventStore } from './parts.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const limits = { connectionTimeoutMillis: 600, statement_timeout: 800, query_timeout: 1_000 };
let migrated: Database & { url: string };
let proxy: StallingProxy;
let database: Database;
let store: PostgresEventStore;
beforeAll(async () => {
  migrated = await freshDatabase(inject('backing').postgres, 'int_stalled_store', {
    entities: [Checkpoint],
    migrations: eventStoreMigrations,
  });
  proxy = await StallingProxy.open(migrated.url);
  const { url } = proxy;
  database = await new Database({ url, entities: [Checkpoint], migrations: [], limits }).open();
  store = new PostgresEventStore(database, clock, ids, new MemoryNotifier(clock));
});
afterAll(async () => {
  await store.close();
  await database.close();
  await proxy.close();
  await migrated.close();
});

it('ends appends and reads with an error when the database stops responding, and recovers when it responds again', async () => {
  const append = (stream: string) =>
    store.append({ stream, expected: 0, events: [{ type: 'A', data: {} }] });
  await append('before');
  await store.read('before');
  await store.readAll('0', 10);
  proxy.stall();
  const begun = performance.now();
  const ended = await Promise.allSettled([
    append('one'),
    append('two'),
    store.read('before'),
    store.readAll('0', 10),
    new Promise((resolve) => setTimeout(resolve, 100)).then(() => append('three')),
  ]);
  expect(performance.now() - begun).toBeLessThan(12_000);
  expect(ended.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  proxy.resume();
  await expect.poll(() => append('afterwards')).toBe(1);
  await expect.poll(() => store.read('before').then(({ length }) => length)).toBe(1);
  await expect.poll(() => store.readAll('0', 10).then(({ events }) => events.length)).toBe(2);
});
