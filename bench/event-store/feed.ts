import { SystemClock, SystemIds } from '@fieldguide/clock';
import { Database } from '@fieldguide/database';
import {
  DatabaseTables1760000000000,
  PostgresNotifier,
  PostgresUnitOfWorkRunner,
} from '@fieldguide/database/parts';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
  rebuild,
  runBatch,
} from '@fieldguide/event-store/parts';
import {
  happyPath,
  OrderingTables1760000002000,
  OrderSummary,
  orderSummary,
} from '@fieldguide/simulation/order-log';
import { median } from '../statistics.ts';
import type { Settings } from './bench.ts';
import { sampleEvent } from './contenders.ts';
import { freshDatabase } from './databases.ts';
import { type Measured, valueAtLeast, valueAtMost } from './report.ts';

const SAMPLES = 200;
const ORDERS = 15_000;
const REBUILDS = 3;

async function open(url: string) {
  const [clock, ids] = [new SystemClock(), new SystemIds()];
  const migrations = [
    DatabaseTables1760000000000,
    ...eventStoreMigrations,
    OrderingTables1760000002000,
  ];
  const database = new Database({ url, entities: [Checkpoint, OrderSummary], migrations });
  await database.open();
  await database.migrate();
  const notifier = await new PostgresNotifier(clock, url).open();
  const store = new PostgresEventStore(database, clock, ids, notifier);
  const close = async () => {
    await store.close();
    await notifier.close();
    await database.close();
  };
  const units = new PostgresUnitOfWorkRunner(database, { service: 'bench', clock, ids }, notifier);
  return { database, notifier, store, units, close };
}

/** Measures the time from the commit of an append until another connection, notified by PostgreSQL, has read the event. */
export async function feed({ url }: Settings): Promise<Measured> {
  const own = await freshDatabase(url, 'bench_feed');
  const [writer, reader] = [await open(own), await open(own)];
  const took: number[] = [];
  const over = new AbortController();
  let position = await reader.store.lastPosition();
  for (let n = 0; n < SAMPLES; n++) {
    const notified = reader.notifier.wait('feed', 1_000, over.signal);
    await writer.store.append({ stream: `f-${n}`, expected: 0, events: [sampleEvent] });
    const committed = performance.now();
    await notified;
    const page = await reader.store.readAll(position, 10);
    if (page.events.length !== 1) throw new Error('the feed did not return the appended event');
    took.push(performance.now() - committed);
    position = page.position;
    await new Promise((resolve) => setTimeout(resolve, 15)); // until the feed is idle
  }
  await writer.close();
  await reader.close();
  return {
    lines: [
      valueAtMost('idle feed, another connection: commit → visible, p50', median(took), 5, 'ms'),
    ],
  };
}

/** Measures rebuilds of order-summary from a log of orders with seven events each. */
export async function rebuilds({ url }: Settings): Promise<Measured> {
  const { store, units, database, close } = await open(await freshDatabase(url, 'bench_rebuild'));
  const events = happyPath.map((event) => ({ type: event.type, data: event.data as object }));
  const placing = Array.from({ length: ORDERS }, (_, n) => {
    const orderId = `01900000-0000-8000-8000-${String(n).padStart(12, '0')}`;
    const own = events.map((each) => ({ ...each, data: { ...each.data, orderId } }));
    return () => store.append({ stream: `order-${orderId}`, expected: 0, events: own });
  });
  let next = 0;
  const worker = async () => {
    for (let place = placing[next++]; place; place = placing[next++]) await place();
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  const total = ORDERS * happyPath.length;

  const catchingUp: number[] = [];
  const projecting: number[] = [];
  const rebuilding: number[] = [];
  for (let round = 0; round < REBUILDS; round++) {
    let startMs = performance.now();
    for (let position = '0'; ; ) {
      const page = await store.readAll(position, 2_000);
      if (page.events.length === 0) break;
      position = page.position;
    }
    catchingUp.push(total / ((performance.now() - startMs) / 1_000));
    await database.query('TRUNCATE order_summary, checkpoints');
    startMs = performance.now();
    while (await runBatch(orderSummary, store, units));
    projecting.push(total / ((performance.now() - startMs) / 1_000));
    startMs = performance.now();
    await rebuild(orderSummary, store, database);
    rebuilding.push(total / ((performance.now() - startMs) / 1_000));
  }
  const [rows] = await database.query<{ count: string }>(
    "SELECT count(*) FROM order_summary WHERE status = 'completed'",
  );
  if (Number(rows!.count) !== ORDERS) throw new Error('the rebuilt projection is not complete');
  await close();
  return {
    lines: [
      valueAtLeast('read the whole feed', median(catchingUp), 0, 'events/s'),
      valueAtLeast('project order-summary, live', median(projecting), 0, 'events/s'),
      valueAtLeast('rebuild order-summary', median(rebuilding), 50_000, 'events/s'),
    ],
  };
}
