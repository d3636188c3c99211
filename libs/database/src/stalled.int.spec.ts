import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { Database } from './index.ts';
import { PostgresNotifier, PostgresUnitOfWorkRunner } from './parts.ts';
import {
  freshDatabase,
  StallingProxy,
  Thing,
  ThingsTable1760000009000,
  thing,
} from './testing/index.ts';

const clock = new SystemClock();
const short = { connectionTimeoutMillis: 600, statement_timeout: 800, query_timeout: 1_000 };
const WITHIN_MS = 6_000; // the sum of the limits, on a machine three times slower
let migrated: Database & { url: string };
let proxy: StallingProxy;
beforeAll(async () => {
  migrated = await freshDatabase(inject('backing').postgres, 'int_stalled', {
    entities: [Thing],
    migrations: [ThingsTable1760000009000],
  });
  proxy = await StallingProxy.open(migrated.url);
});
afterEach(() => proxy.resume());
afterAll(async () => {
  await proxy.close();
  await migrated.close();
});

const open = (poolSize: number) =>
  new Database({
    url: proxy.url,
    entities: [Thing],
    migrations: [],
    poolSize,
    limits: short,
  }).open();

/** @returns the messages of the errors; fails when one of them does not end in time */
async function errorsOf(work: readonly Promise<unknown>[]): Promise<string[]> {
  const begun = performance.now();
  const ended = await Promise.allSettled(work);
  expect(performance.now() - begun).toBeLessThan(WITHIN_MS);
  return ended.map((each) => (each.status === 'rejected' ? String(each.reason.message) : 'none'));
}

it('ends every query and unit of work with an error when the database stops responding, and recovers the pool', async () => {
  const database = await open(2);
  const notifier = new PostgresNotifier(clock, proxy.url);
  const origin = { service: 'test', clock, ids: new SystemIds() };
  const units = new PostgresUnitOfWorkRunner(database, origin, notifier);
  const [own, pipeline] = [
    database.dedicatedConnection('own'),
    database.dedicatedConnection('pipeline', { pipeline: true }),
  ];
  const one = { name: 'one', text: 'SELECT 1', values: [] };
  for (const connection of [own, pipeline]) await connection.query(one);
  await units.run((uow) => uow.save(Thing, thing('a')));

  const inside = Promise.withResolvers<void>();
  const half = units.run(async (uow) => {
    const row = await uow.load(Thing, 'a');
    proxy.stall();
    inside.resolve();
    await uow.save(Thing, row!);
  });
  await inside.promise;
  const errors = await errorsOf([
    half,
    ...Array.from({ length: 5 }, () => database.query('SELECT 1')),
    units.run((uow) => uow.load(Thing, 'a')),
    own.query(one),
    pipeline.query(one),
    pipeline.query(one),
  ]);
  for (const error of errors) expect(error).toMatch(/time(d )?out|terminated|not queryable/);
  expect(await errorsOf([database.query('SELECT 2')])).toEqual([expect.stringMatching(/timeout/)]);

  proxy.resume();
  const values = [1, 2, 3, 4, 5, 6];
  const answers = () =>
    Promise.all(values.map((n) => database.query<{ n: number }>('SELECT $1::int AS n', [n])));
  await expect.poll(answers).toEqual(values.map((n) => [{ n }]));
  await expect.poll(() => own.query(one)).toEqual([[1]]);
  await expect.poll(() => pipeline.query(one)).toEqual([[1]]);
  expect((await units.run((uow) => uow.load(Thing, 'a')))?.version).toBe(1);
  await Promise.all([own.close(), pipeline.close(), database.close()]);
});

it('closes without waiting for a database that does not respond', async () => {
  const database = await open(2);
  await Promise.all([database.query('SELECT 1'), database.query('SELECT 1')]);
  const own = database.dedicatedConnection('own');
  await own.query({ name: 'one', text: 'SELECT 1', values: [] });
  const notifier = await new PostgresNotifier(clock, proxy.url).open();
  proxy.stall();
  expect(await errorsOf([database.close(), own.close(), notifier.close()])).toEqual([
    'none',
    'none',
    'none',
  ]);
});

it('reconnects the notifier after a time without responses', async () => {
  proxy.stall();
  const notifier = await new PostgresNotifier(clock, proxy.url).open();
  proxy.resume();
  const sender = await new PostgresNotifier(clock, migrated.url).open();
  const isWoken = async () => {
    const begun = performance.now();
    const woken = notifier.wait('again', 900, new AbortController().signal);
    sender.notify('again');
    await woken;
    return performance.now() - begun < 600;
  };
  await expect.poll(isWoken).toBe(true);
  await Promise.all([notifier.close(), sender.close()]);
});
