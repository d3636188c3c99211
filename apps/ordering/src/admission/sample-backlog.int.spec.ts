import 'reflect-metadata';
import { SystemIds } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import { type Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { countEvents } from '@fieldguide/event-store';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
} from '@fieldguide/event-store/parts';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { OrderingTables1760000002000 } from '../../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../../migrations/1760000003000-open-checkouts.ts';
import { WaitingCheckouts1760000013000 } from '../../migrations/1760000013000-waiting-checkouts.ts';
import { deadlines } from '../checkout/checkout.model.ts';
import { CheckoutDeadlines, OpenCheckout } from '../checkout/checkout-deadlines.ts';
import type { OrderCommand } from '../order/order.events.ts';
import { orderPlaced, paymentAuthorised, stockReserved } from '../order/order.examples.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { Admission } from './admission.ts';
import type { BacklogSample } from './allowance.ts';
import { countWaiting, SampleBacklog } from './sample-backlog.ts';

class ObservedAdmission extends Admission {
  readonly samples: BacklogSample[] = [];

  override apply(sample: BacklogSample): void {
    this.samples.push(sample);
    super.apply(sample);
  }
}

const ids = new SystemIds();
let database: Database;
let units: PostgresUnitOfWorkRunner;
let orders: OrderCommandHandler;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_sample_backlog', {
    entities: [Checkpoint, OpenCheckout],
    migrations: [
      ...eventStoreMigrations,
      OrderingTables1760000002000,
      OpenCheckouts1760000003000,
      WaitingCheckouts1760000013000,
    ],
  });
});
afterAll(() => database.close());

let clock: ManualClock;
let admission: ObservedAdmission;
let worker: SampleBacklog;
beforeEach(async () => {
  await database.query('TRUNCATE events, streams, feed, open_checkouts');
  await database.query('UPDATE feed_end SET position = 0');
  clock = new ManualClock();
  const notifier = new MemoryNotifier(clock);
  units = new PostgresUnitOfWorkRunner(database, { service: 'ordering', clock, ids }, notifier);
  const events = new PostgresEventStore(database, clock, ids, notifier);
  orders = new OrderCommandHandler(events, new CheckoutDeadlines(deadlines as never));
  const bounds = { CHECKOUT_WAIT_SHARE_MAX: 0.5, CHECKOUTS_WAITING_MIN: 1 };
  admission = new ObservedAdmission({ ...deadlines, ...bounds } as never, clock);
  worker = new SampleBacklog(database, admission, clock);
});

async function sampleAfter(ms: number): Promise<BacklogSample | undefined> {
  clock.advance(ms);
  await worker.sample();
  return admission.samples.at(-1);
}
const handle = (orderId: string, ...commands: readonly OrderCommand[]) =>
  units.run(async (tx) => {
    for (const command of commands) await orders.handle(orderId, command, tx);
  });
const place = async () => {
  const orderId = ids.next();
  await handle(orderId, { type: 'PlaceOrder', data: { ...orderPlaced.data, orderId } });
  return orderId;
};
const reserved = { type: 'RecordStockReserved', data: stockReserved.data } as OrderCommand;
const authorised = {
  type: 'RecordPaymentAuthorised',
  data: paymentAuthorised.data,
} as OrderCommand;

it('counts orders that wait for inventory or payments, not those that wait for shipping', async () => {
  await sampleAfter(0);
  const [, second, third] = [await place(), await place(), await place()];
  await handle(second, reserved);
  await handle(third, reserved, authorised);
  const seen = await sampleAfter(2_000);
  expect(seen).toEqual({ seconds: 2, waiting: 2, placed: 3, placedHere: 0, answered: 1 });
  expect(await sampleAfter(1_000)).toMatchObject({ seconds: 1, placed: 0, answered: 0 });
});

it('does not count a timeout as an answer: only inventory and payments show what they can do', async () => {
  await sampleAfter(0);
  await handle(await place(), { type: 'ExpireDeadline', data: { step: 'placed' } });
  expect(await sampleAfter(1_000)).toMatchObject({ waiting: 0, placed: 1, answered: 0 });
});

it('distinguishes the orders of this process from those of all', async () => {
  await sampleAfter(0);
  await place();
  await admission.admit(ids.next(), place);
  expect(await sampleAfter(1_000)).toMatchObject({ placed: 2, placedHere: 1 });
});

it('begins again after a pause, instead of counting what happened in it', async () => {
  await sampleAfter(0);
  await place();
  await sampleAfter(10_000);
  expect(admission.samples).toEqual([]);
  expect(await sampleAfter(1_000)).toMatchObject({ waiting: 1, placed: 0 });
});

it('counts events in every stored format', async () => {
  const end = await countEvents(database);
  await database.query(`INSERT INTO events (stream, version, id, type, data, metadata, time)
    SELECT 'order-x', n, gen_random_uuid(), 'OrderConfirmed' || CASE n WHEN 2 THEN '@2' ELSE '' END,
      '{}', '{}', now() FROM generate_series(1, 2) AS n`);
  await database.query(`INSERT INTO feed SELECT n, 'order-x', n FROM generate_series(1, 2) AS n`);
  await database.query('UPDATE feed_end SET position = 2');
  const { position, counts } = await countEvents(database, end.position);
  expect([position, [...counts]]).toEqual(['2', [['OrderConfirmed', 2]]]);
});

it('reads the index of the waiting orders, however many wait for shipping', async () => {
  await database.query(`INSERT INTO open_checkouts
    SELECT gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'placed' ELSE 'confirmed' END,
      now(), now(), NULL, 0, 1 FROM generate_series(1, 10000) AS n`);
  await database.query('ANALYZE open_checkouts');
  const plan = await database.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT count(*)::int AS waiting FROM open_checkouts
     WHERE step IN ('placed', 'awaitingPayment')`,
  );
  expect(JSON.stringify(plan)).toContain('open_checkouts_waiting');
  expect(await countWaiting(database)).toBe(100);
});
