import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import type { Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
  rebuild,
  runBatch,
} from '@fieldguide/event-store/parts';
import { rowsAfter } from '@fieldguide/event-store/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Sales1760000012000 } from '../../migrations/1760000012000-sales.ts';
import { cancelled, hammock, happyPath, orderPlaced } from '../order/order.examples.ts';
import { SalesController } from './sales.controller.ts';
import { Sales } from './sales.entity.ts';
import { sales } from './sales.projection.ts';

const DAY_MS = 86_400_000;
const [clock, ids] = [new ManualClock('2030-01-01T12:00:00Z'), new CountingIds()];
const notifier = new MemoryNotifier(clock);
let database: Database;
let units: PostgresUnitOfWorkRunner;
let store: PostgresEventStore;
let controller: SalesController;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_sales', {
    entities: [Checkpoint, Sales],
    migrations: [...eventStoreMigrations, Sales1760000012000],
  });
  units = new PostgresUnitOfWorkRunner(database, { service: 'ordering', clock, ids }, notifier);
  store = new PostgresEventStore(database, clock, ids, notifier);
  controller = new SalesController(database);
});
afterAll(async () => {
  await store.close();
  await database.close();
});

let orders = 0;
const append = (events: typeof happyPath, quantity = 2, productId = hammock.productId) => {
  const lines = [{ ...hammock, productId, quantity }];
  const [, ...later] = events;
  return store.append({
    stream: `order-${++orders}`,
    expected: 0,
    events: [{ type: 'OrderPlaced', data: { ...orderPlaced.data, lines } }, ...later],
  });
};
const project = async () => {
  while (await runBatch(sales, store, units));
};
const rows = async () => (await controller.list({ from: '2030-01-01', to: '2030-03-31' })).items;
/** Folds the log in memory. */
const folded = async () => {
  const { events } = await store.readAll('0', 100_000);
  return rowsAfter(sales, events)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map((row) => row.toPublic());
};

describe('the sales projection on PostgreSQL', () => {
  beforeEach(async () => {
    await database.query('TRUNCATE streams, events, feed, checkpoints, sales');
    await database.query('UPDATE feed_end SET position = 0');
  });

  it('starts at the beginning of a log that existed before it, and counts each event once', async () => {
    await append(happyPath);
    await append(happyPath, 3);
    await append([orderPlaced, cancelled]);
    await Promise.all([project(), project()]); // of two instances with the same page, one commits
    expect(await rows()).toMatchObject([
      { orders: 2, units: 5, revenue: { amountMinor: 34_500 }, cancelledUnits: 2 },
    ]);
    expect(await rows()).toEqual(await folded());
  });

  it('is rebuilt to the same rows, while orders are projected', async () => {
    for (let day = 0; day < 3; day++) {
      for (let n = 0; n < 5; n++) await append(n % 2 ? [orderPlaced, cancelled] : happyPath, n + 1);
      clock.advance(DAY_MS);
    }
    await project();
    await database.query(
      "UPDATE sales SET units = 999, revenue_minor = 1 WHERE day = '2030-01-02'",
    );
    await Promise.all([rebuild(sales, store, database), append(happyPath), project()]);
    await project();
    expect(await rows()).toEqual(await folded());
    expect((await rows()).map(({ day }) => day)).toHaveLength(4);
  });

  it('is read by days, both included, and by product', async () => {
    const other = '01900000-0000-7000-8000-000000000002';
    const [first, second] = [clock.now(), clock.fromNow(DAY_MS)].map((time) =>
      time.toISOString().slice(0, 10),
    );
    await append(happyPath);
    await append(happyPath, 1, other);
    clock.advance(DAY_MS);
    await append(happyPath);
    clock.advance(DAY_MS);
    await append(happyPath);
    await project();
    const days = async (from: string, to: string, productId?: string) =>
      (await controller.list({ from, to, productId })).items.map(({ day }) => day);
    expect(await days(first!, second!)).toEqual([first, first, second]);
    expect(await days(first!, second!, other)).toEqual([first]);
    expect(await days(second!, second!)).toEqual([second]);
  });

  it('refuses a report that is too long', async () => {
    const key = `'2030-01-01 ' || n || ' EUR'`;
    await database.query(
      `INSERT INTO sales SELECT ${key}, '2030-01-01', gen_random_uuid(), 'EUR', 'Tent', 1, 1, 1, 0, 1
       FROM generate_series(1, 10001) AS n`,
    );
    const report = controller.list({ from: '2030-01-01', to: '2030-01-01' });
    await expect(report).rejects.toMatchObject({ code: 'ordering.salesTooMany' });
  });
});
