import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
} from '@fieldguide/event-store/parts';
import { inSpan, metrics } from '@fieldguide/telemetry';
import { recordTraces } from '@fieldguide/telemetry/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { OrderingTables1760000002000 } from '../../migrations/1760000002000-ordering-tables.ts';
import { OpenCheckouts1760000003000 } from '../../migrations/1760000003000-open-checkouts.ts';
import { OverdueCheckouts1760000010100 } from '../../migrations/1760000010100-overdue-checkouts.ts';
import type { OrderCommand } from '../order/order.events.ts';
import { orderPlaced, stockReserved } from '../order/order.examples.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { deadlines } from './checkout.model.ts';
import { CheckoutDeadlines, OpenCheckout } from './checkout-deadlines.ts';
import { countOpen } from './checkout-watch.ts';
import { ExpireDeadlines } from './expire-deadlines.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const notifier = new MemoryNotifier(clock);
const ROUNDS = 40;
let database: Database;
let units: PostgresUnitOfWorkRunner;
let events: PostgresEventStore;
let handler: OrderCommandHandler;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_open_checkouts', {
    entities: [Checkpoint, OpenCheckout],
    migrations: [
      ...eventStoreMigrations,
      OrderingTables1760000002000,
      OpenCheckouts1760000003000,
      OverdueCheckouts1760000010100,
    ],
  });
  units = new PostgresUnitOfWorkRunner(database, { service: 'ordering', clock, ids }, notifier);
  events = new PostgresEventStore(database, clock, ids, notifier);
  handler = new OrderCommandHandler(events, new CheckoutDeadlines(deadlines as never));
});
afterAll(() => database.close());

const handle = (orderId: string, command: OrderCommand) =>
  units.run((tx) => handler.handle(orderId, command, tx));
const place = async () => {
  const orderId = ids.next();
  await handle(orderId, { type: 'PlaceOrder', data: { ...orderPlaced.data, orderId } });
  return orderId;
};
const makeOverdue = (orderId: string) =>
  database.query("UPDATE open_checkouts SET deadline_at = '2020-01-01' WHERE order_id = $1", [
    orderId,
  ]);
const types = async (orderId: string) =>
  (await events.read(`order-${orderId}`)).map(({ type }) => type);
const overdue = async () =>
  (await countOpen(database)).reduce((sum, each) => sum + each.overdue, 0);
const row = (orderId: string) => units.run((tx) => tx.load(OpenCheckout, orderId));

describe('a deadline on PostgreSQL', () => {
  it('that fires while its reply is being handled loses or wins, and never both', async () => {
    const ends = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const orderId = await place();
      await makeOverdue(orderId);
      const reply = { type: 'RecordStockReserved', data: stockReserved.data } as const;
      const expired = { type: 'ExpireDeadline', data: { step: 'placed' } } as const;
      const both = [reply, expired].map((each) => handle(orderId, each));
      await Promise.all(round % 2 === 0 ? both : both.reverse());
      const emitted = (await types(orderId)).slice(1).join(' ');
      ends.add(emitted);
      const step = emitted === 'StockReserved' ? 'awaitingPayment' : 'undoing';
      expect((await row(orderId))?.step).toBe(step);
    }
    expect([...ends].toSorted()).toEqual(['DeadlinePassed OrderRejected', 'StockReserved']);
  });

  it('is acted on once by many instances', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, place));
    for (const orderId of orders) await makeOverdue(orderId);
    const instances = [1, 2, 3].map(() => new ExpireDeadlines(units, handler));
    await Promise.all(instances.map((each) => each.once()));
    for (const orderId of orders)
      expect(await types(orderId)).toEqual(['OrderPlaced', 'DeadlinePassed', 'OrderRejected']);
  });

  it('of a step that is past by now brings the row back into step', async () => {
    const orderId = await place();
    await handle(orderId, { type: 'RecordStockReserved', data: stockReserved.data });
    await database.query("UPDATE open_checkouts SET step = 'placed' WHERE order_id = $1", [
      orderId,
    ]);
    await makeOverdue(orderId);
    await new ExpireDeadlines(units, handler).once();
    expect(await types(orderId)).toEqual(['OrderPlaced', 'StockReserved']);
    expect((await row(orderId))?.step).toBe('awaitingPayment');
  });

  it('continues the trace of the order, and its end is measured', async () => {
    metrics.registry.resetMetrics();
    const traces = await recordTraces();
    const attributes = { 'http.request.method': 'POST' };
    const request = (name: string, work: () => Promise<unknown>) =>
      inSpan({ kind: 'server', name, attributes }, work);
    let orderId = '';
    await request('POST /orders', async () => {
      orderId = await place();
    });
    await makeOverdue(orderId);
    await new ExpireDeadlines(units, handler).once();
    const retry = () => handle(orderId, { type: 'RetryCheckout', data: {} });
    await request('POST /retries', retry);
    const [placed] = await traces.named('POST /orders');
    const [expired] = await traces.named('expire deadline');
    const [retried] = await traces.named('POST /retries');
    await traces.stop();
    const { traceId } = placed!.spanContext();
    expect(expired!.spanContext().traceId).toBe(traceId);
    expect(retried!.spanContext().traceId).not.toBe(traceId);
    expect(retried!.links).toMatchObject([{ context: { traceId } }]);
    const { values } = await metrics.registry.getSingleMetric('checkout_duration_seconds')!.get();
    expect(values).toContainEqual(
      expect.objectContaining({
        metricName: 'checkout_duration_seconds_count',
        labels: { outcome: 'timedOut' },
        value: 1,
      }),
    );
  });

  it('is counted by step, and when it is overdue', async () => {
    const before = await overdue();
    const orderId = await place();
    expect(await overdue()).toBe(before);
    await database.query('UPDATE open_checkouts SET overdue_since = now() WHERE order_id = $1', [
      orderId,
    ]);
    expect(await overdue()).toBe(before + 1);
    const { length } = await database.query("SELECT FROM open_checkouts WHERE step = 'placed'");
    expect(await countOpen(database)).toContainEqual(
      expect.objectContaining({ step: 'placed', open: length }),
    );
  });

  it.each([
    ['placed it', -31_000, 0],
    ['looks for late ones', 0, 31_000],
  ])(
    'is not early when the clock of the instance that %s is wrong by 31 s',
    async (_, placing, looking) => {
      class Wrong extends SystemClock {
        constructor(private readonly byMs: number) {
          super();
        }

        override now() {
          return new Date(Date.now() + this.byMs);
        }
      }
      const unitsOf = (byMs: number) =>
        new PostgresUnitOfWorkRunner(
          database,
          { service: 'ordering', clock: new Wrong(byMs), ids },
          notifier,
        );
      const orderId = ids.next();
      const command = { type: 'PlaceOrder', data: { ...orderPlaced.data, orderId } } as const;
      await unitsOf(placing).run((tx) => handler.handle(orderId, command, tx));
      await new ExpireDeadlines(unitsOf(looking), handler).once();
      expect(await types(orderId)).toEqual(['OrderPlaced']);
    },
  );
});
