import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import { PostgresLeases, PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { publishMessage } from './index.ts';
import {
  type IncomingRecord,
  MemoryMessaging,
  messageTables,
  type OutgoingRecord,
  outboxReader,
  startRelay,
} from './parts.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const loop = { clock, notifier: new MemoryNotifier(clock), log: makeLog('test', 'test', 'silent') };
let database: Database;
let units: PostgresUnitOfWorkRunner;
let got: IncomingRecord[];

/** A transport that fails a given number of times, before or after the records are durable. */
class Shaky extends MemoryMessaging {
  failBefore = 0;
  failAfter = 0;
  takesMs = 0;

  override async publish(batch: readonly OutgoingRecord[]): Promise<void> {
    if (this.takesMs > 0) await clock.sleep(this.takesMs);
    if (this.failBefore-- > 0) throw new Error('the broker is unreachable');
    await super.publish(batch);
    if (this.failAfter-- > 0) throw new Error('the response was lost');
  }
}
let messaging: Shaky;

beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_relay', messageTables);
  units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, loop.notifier);
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.query('TRUNCATE outbox, leases');
  messaging = new Shaky(clock);
  got = [];
  await messaging.subscribe(
    ['things.v1'],
    { mode: 'shared', group: 'g' },
    async (batch) => void got.push(...batch),
  );
});
const publish = (subject: string) =>
  units.run(async (uow) =>
    publishMessage(uow, { topic: 'things.v1', type: 'ThingChanged', subject, data: {} }),
  );
const relay = (holder: string) =>
  startRelay(outboxReader(database), messaging, new PostgresLeases(database, holder, 500), loop);
const left = async () => (await database.query('SELECT id FROM outbox')).length;

describe('the relay', () => {
  it('publishes committed messages in order, and then deletes them', async () => {
    const running = relay('one');
    for (const subject of ['a', 'b', 'c', 'd']) await publish(subject);
    await expect.poll(() => got.map(({ key }) => key.toString())).toEqual(['a', 'b', 'c', 'd']);
    await expect.poll(left).toBe(0);
    await running.stop();
  });

  it('publishes the messages of a process that died', async () => {
    await publish('a');
    expect(await left()).toBe(1);
    const running = relay('two');
    await expect.poll(() => got.length).toBe(1);
    await running.stop();
  });

  it('loses nothing while the broker is unreachable, and repeats the same id after a lost response', async () => {
    messaging.failBefore = 2;
    messaging.failAfter = 1;
    const running = relay('three');
    await publish('a');
    await expect.poll(left, { timeout: 8_000 }).toBe(0);
    await running.stop();
    const messageIds = got.map(({ value }) => JSON.parse(value.toString()).id);
    expect(messageIds.length).toBeGreaterThan(1);
    expect(new Set(messageIds).size).toBe(1);
  });

  it('deletes nothing when another instance has taken its lease', async () => {
    await publish('a');
    const source = outboxReader(database);
    await source.read();
    const lost = { name: 'relay:outbox', epoch: '1' };
    await expect(source.markPublished(lost)).rejects.toThrow(/another holder/);
    expect(await left()).toBe(1);
  });

  it('deletes what was published, and reads what follows with the same statement', async () => {
    for (const subject of ['a', 'b']) await publish(subject);
    const { lease } = await new PostgresLeases(database, 'six').acquire('relay:outbox');
    const source = outboxReader(database);
    expect(await source.read()).toMatchObject({ count: 2, isFull: false });
    await publish('c');
    const next = await source.markPublished(lease!);
    expect(next).toMatchObject({ messages: [{ envelope: { subject: 'c' } }], count: 1 });
    expect(await left()).toBe(1);
    expect(await source.markPublished(lease!)).toMatchObject({ messages: [], count: 0 });
    expect(await left()).toBe(0);
  });

  it('keeps its lease while a publish takes longer than the lease lasts', async () => {
    messaging.takesMs = 1_500;
    const [one, two] = [relay('slow-1'), relay('slow-2')];
    await publish('a');
    await expect.poll(left).toBe(0);
    await one.stop();
    await two.stop();
    expect(got.length).toBe(1);
  });

  it('runs on one instance, and on another when that one has stopped', async () => {
    const [one, two] = [relay('four'), relay('five')];
    await publish('a');
    await expect.poll(() => got.length).toBe(1);
    await one.stop();
    await publish('b');
    await expect
      .poll(() => got.map(({ key }) => key.toString()), { timeout: 5_000 })
      .toEqual(['a', 'b']);
    await two.stop();
  });
});
