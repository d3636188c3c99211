import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { OrderPlaced } from '@fieldguide/contracts/ordering';
import { type Database } from '@fieldguide/database';
import { PostgresLeases, PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { eventFeedReader, subscriptionBacklog } from '@fieldguide/event-publishing';
import {
  Checkpoint,
  eventStoreMigrations,
  PostgresEventStore,
} from '@fieldguide/event-store/parts';
import { MemoryMessaging, startRelay } from '@fieldguide/messaging/parts';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { orderId, orderPlaced, stockReserved } from '../order/order.examples.ts';
import { orderMessages } from './publish-orders.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const topics = ['ordering.orders.v1', 'inventory.requests.v1', 'payments.requests.v1'];
let database: Database;
let units: PostgresUnitOfWorkRunner;
let events: PostgresEventStore;
let notifier: MemoryNotifier;
let messaging: MemoryMessaging;
let published: string[];
let logged: string[];

beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_publish_orders', {
    entities: [Checkpoint],
    migrations: [...eventStoreMigrations],
  });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.query('TRUNCATE events, streams, feed, checkpoints, leases');
  await database.query('UPDATE feed_end SET position = 0');
  notifier = new MemoryNotifier(clock);
  units = new PostgresUnitOfWorkRunner(database, { service: 'ordering', clock, ids }, notifier);
  events = new PostgresEventStore(database, clock, ids, notifier);
  messaging = new MemoryMessaging(clock);
  [published, logged] = [[], []];
  await messaging.subscribe(topics, { mode: 'shared', group: 'test' }, async (records) => {
    published.push(
      ...records.map(({ value }) => (JSON.parse(value.toString()) as { type: string }).type),
    );
  });
});

/** An instance of this version, or of the next one, which knows the event `OrderGifted`. */
function instance(holder: string, { isNewer }: { isNewer: boolean }) {
  const log = makeLog('ordering', holder, 'warn', { write: (line) => void logged.push(line) });
  const gifted = { topic: OrderPlaced.topic, type: 'OrderGifted', subject: orderId, data: {} };
  const translation = isNewer ? { ...orderMessages, OrderGifted: () => [gifted] } : orderMessages;
  const source = eventFeedReader('publish-orders', events, 'ordering', translation);
  return startRelay(source, messaging, new PostgresLeases(database, holder), {
    notifier,
    clock,
    log,
  });
}
const append = (...types: { type: string; data: object }[]) =>
  events.append({ stream: `order-${orderId}`, expected: 'any', events: types });
const position = async () => {
  const checkpoint = await units.run((uow) => uow.load(Checkpoint, 'publish-orders'));
  return checkpoint?.position;
};
const happened = ['OrderPlaced', 'ReserveStock'];

describe('a publisher that meets an event of a newer version', () => {
  it('publishes nothing after it, logs why, and retries slowly', async () => {
    const running = [instance('old-1', { isNewer: false }), instance('old-2', { isNewer: false })];
    await append(orderPlaced);
    await expect.poll(() => published).toEqual(happened);
    await expect.poll(position).toBe('1');
    await append({ type: 'OrderGifted', data: {} }, stockReserved);
    await expect.poll(() => logged.join()).toContain('OrderGifted');
    await clock.sleep(2_000);
    expect(published).toEqual(happened);
    expect(await position()).toBe('1');
    expect(logged.length).toBeLessThanOrEqual(12);
    const backlog = await subscriptionBacklog(database, 'publish-orders');
    expect(backlog.count).toBe(2);
    expect(backlog.oldestSeconds).toBeGreaterThan(1.9);
    for (const each of running) await each.stop();
  });

  it('leaves it to a newer instance, which publishes every message once and in order', async () => {
    const old = instance('old', { isNewer: false });
    await append(orderPlaced, { type: 'OrderGifted', data: {} }, stockReserved);
    await expect.poll(() => logged.join()).toContain('OrderGifted');
    const next = instance('new', { isNewer: true });
    await expect.poll(() => published).toEqual([...happened, 'OrderGifted', 'AuthorisePayment']);
    await expect.poll(position).toBe('3');
    expect(await subscriptionBacklog(database, 'publish-orders')).toEqual({
      count: 0,
      oldestSeconds: 0,
    });
    await old.stop();
    await next.stop();
  });

  it('stops at a newer format of an event that it knows', async () => {
    const old = instance('old', { isNewer: false });
    await append(orderPlaced);
    await expect.poll(() => published).toEqual(happened);
    await append({ type: 'StockReserved@2', data: {} });
    await expect.poll(() => logged.join()).toContain('StockReserved@2');
    expect(await position()).toBe('1');
    expect(published).toEqual(happened);
    await old.stop();
  });
});
