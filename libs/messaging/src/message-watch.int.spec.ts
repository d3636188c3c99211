import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ServiceOptions } from '@fieldguide/config';
import { type Database } from '@fieldguide/database';
import { PostgresLeases, PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { Health, makeLog, metrics } from '@fieldguide/telemetry';
import { type BackgroundLoop, MemoryNotifier } from '@fieldguide/workers';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { MemoryMessaging } from './memory-messaging.ts';
import { messageTables } from './message-tables.ts';
import { MessageWatch } from './message-watch.ts';
import { MessagingStrategy } from './messaging.strategy.ts';
import { publishMessage } from './outgoing-message.ts';
import { outboxReader, startRelay } from './relay.ts';
import { envelope } from './testing/messaging.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const log = makeLog('test', 'test', 'silent');
const notifier = new MemoryNotifier(clock);
const options = new ServiceOptions('test');
let database: Database;
let loops: BackgroundLoop[] = [];

class Failing extends MemoryMessaging {
  fails = true;
  override async publish(): Promise<void> {
    if (this.fails) throw new Error('Kafka is unreachable');
  }
}

beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_watch_messages', messageTables);
});
afterAll(() => database.close());
afterEach(() => Promise.all(loops.map((each) => each.stop())));

const value = async (name: string) => {
  const metric = await metrics.registry.getSingleMetric(name)!.get();
  return metric.values[0]?.value;
};

describe('a backlog', () => {
  it('is visible while publishing fails, degrades readiness after 30 s, and both recover', async () => {
    const messaging = new Failing(clock);
    const health = new Health();
    const strategy = new MessagingStrategy('test', messaging, undefined, clock, log);
    const loop = { notifier, clock, log };
    const leases = new PostgresLeases(database, 'test');
    loops = [
      startRelay(outboxReader(database), messaging, leases, loop),
      new MessageWatch(database, health, strategy, options).start({ ...loop, leases }, 100),
    ];
    const units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
    await units.run(async (uow) => {
      for (const subject of ['a', 'b'])
        publishMessage(uow, { topic: 'things.v1', type: 'ThingChanged', subject, data: {} });
    });
    await expect.poll(() => value('outbox_messages')).toBe(2);
    expect((await health.report()).status).toBe('ok');

    await database.query(`UPDATE outbox SET created_at = created_at - interval '40 seconds'`);
    await expect.poll(async () => (await health.report()).status).toBe('degraded');
    const { dependencies } = await health.report();
    expect(dependencies.outbox?.detail).toMatch(/^2 wait to be published, the oldest for 4\d s$/);
    expect(await value('outbox_oldest_age_seconds')).toBeGreaterThan(39);

    messaging.fails = false;
    await expect.poll(async () => (await health.report()).status).toBe('ok');
    await expect.poll(() => value('outbox_messages')).toBe(0);
    expect(await value('outbox_oldest_age_seconds')).toBe(0);
  });

  it('of messages to handle is visible by topic, and disappears while it is unknown', async () => {
    const messaging = new MemoryMessaging(clock);
    const units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
    const strategy = new MessagingStrategy('test', messaging, units, clock, log);
    const contract = {
      topic: 'things.v1',
      senders: ['test'],
      type: 'ThingChanged',
      data: z.object({}),
    };
    const handle = () => new Promise<void>(() => undefined);
    strategy.addHandler(contract.topic, handle, true, { contract, mode: 'shared' });
    await strategy.listen(() => undefined);
    await messaging.publish([{ topic: contract.topic, envelope: envelope('a') }]);
    const context = { notifier, clock, log, leases: new PostgresLeases(database, 'test') };
    loops = [new MessageWatch(database, new Health(), strategy, options).start(context, 100)];
    await expect.poll(() => value('messaging_consumer_lag_messages')).toBe(1);
    const { values } = await metrics.consumerLag.get();
    expect(values[0]?.labels).toEqual({
      messaging_destination_name: 'things.v1',
      messaging_consumer_group_name: 'test',
    });
    vi.spyOn(messaging, 'lag').mockResolvedValue(undefined);
    await expect.poll(() => value('messaging_consumer_lag_messages')).toBeUndefined();
  });

  it('counts waiting dead letters only', async () => {
    const context = { notifier, clock, log, leases: new PostgresLeases(database, 'test') };
    const messaging = new Failing(clock);
    const strategy = new MessagingStrategy('test', messaging, undefined, clock, log);
    loops = [new MessageWatch(database, new Health(), strategy, options).start(context, 100)];
    const insert = (isRedriven: boolean) =>
      database.query(
        `INSERT INTO dead_letters (message_id, topic, key, envelope, reason, arrival, parked_at, redriven, version)
         VALUES ($1, 'things.v1', 'a', '{}', 'refused', 1, now(), $2, 1)`,
        [ids.next(), isRedriven],
      );
    await insert(false);
    await insert(true);
    await expect.poll(() => value('dead_letters_waiting')).toBe(1);
    await database.query('UPDATE dead_letters SET redriven = true');
    await expect.poll(() => value('dead_letters_waiting')).toBe(0);
  });
});
