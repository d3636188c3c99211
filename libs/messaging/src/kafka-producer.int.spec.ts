import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import { PostgresLeases, PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { brokerSettings } from './broker-url.ts';
import { type Messaging, publishMessage } from './index.ts';
import { KafkaMessaging, messageTables, outboxReader, startRelay } from './parts.ts';
import { KafkaProxy } from './testing/kafka-proxy.ts';
import { envelope } from './testing/messaging.contract.ts';

const TOPIC = 'producer.things.v1';
const REFUSED_MS = 5_000;
const [clock, ids] = [new SystemClock(), new SystemIds()];
const logged: string[] = [];
const log = makeLog('test', 'test', 'warn', { write: (line) => void logged.push(line) });
let database: Database;
let units: PostgresUnitOfWorkRunner;
let notifier: MemoryNotifier;
let direct: KafkaMessaging;
const seen: { key: string; n: number }[] = [];
let proxy: KafkaProxy;
let proxied: KafkaMessaging;

beforeAll(async () => {
  const kafka = new Kafka({
    ...brokerSettings(inject('backing').kafka),
    logLevel: logLevel.NOTHING,
  }).admin();
  await kafka.connect();
  const topics = [{ topic: `int.${TOPIC}`, numPartitions: 2, replicationFactor: 1 }];
  await kafka.createTopics({ topics, waitForLeaders: true });
  await kafka.disconnect();
  database = await freshDatabase(inject('backing').postgres, 'int_producer', messageTables);
  notifier = new MemoryNotifier(clock);
  units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
  direct = messaging('direct');
  await direct.subscribe([TOPIC], { mode: 'shared', group: 'producer' }, async (records) => {
    for (const { key, value } of records)
      seen.push({ key: key.toString(), n: JSON.parse(value.toString()).data.n });
  });
});
afterAll(async () => {
  await direct.close();
  await database.close();
});
beforeEach(async () => {
  await database.query('TRUNCATE outbox, leases');
  proxy = await new KafkaProxy(inject('backing').kafka).accept();
  proxied = messaging('proxied', proxy);
});
afterEach(async () => {
  await proxied.close();
  await proxy.refuse();
});

const messaging = (clientId: string, through?: KafkaProxy, publishMsMax?: number) =>
  new KafkaMessaging({
    url: inject('backing').kafka,
    prefix: 'int.',
    clientId,
    clock,
    log,
    ...(through && { socketFactory: through.socketFactory }),
    ...(publishMsMax && { publishMsMax }),
  });
const relay = (holder: string, transport: Messaging) =>
  startRelay(outboxReader(database), transport, new PostgresLeases(database, holder, 2_000), {
    clock,
    notifier,
    log,
  });
/** Publishes a message in one transaction, as a service does when it changes a row. */
const publish = (key: string, n: number) =>
  units.run(async (uow) =>
    publishMessage(uow, { topic: TOPIC, type: 'ThingChanged', subject: key, data: { n } }),
  );
const record = (key: string, n: number) => ({ topic: TOPIC, envelope: envelope(key, { n }) });
const left = async () => (await database.query('SELECT id FROM outbox')).length;
const holder = async () => {
  const [row] = await database.query<{ holder: string }>('SELECT holder FROM leases');
  return row?.holder;
};
/** Messages that a consumer with an inbox accepts: the first delivery of each. */
const firsts = (key: string) => [
  ...new Set(seen.filter((each) => each.key === key).map(({ n }) => n)),
];
const PATIENT = { timeout: 20_000 };

describe('the producer', () => {
  it('continues in order after a lost response and seconds of refused connections', async () => {
    const running = relay('one', proxied);
    await publish('k', 1);
    await expect.poll(() => firsts('k'), PATIENT).toEqual([1]);
    await expect.poll(left).toBe(0);

    proxy.loseNextAnswer();
    await publish('k', 2);
    await expect.poll(() => proxy.hasLostAnswer).toBe(true);
    for (const until = Date.now() + REFUSED_MS; Date.now() < until; await sleep(500))
      await publish('k', 3 + (await left()) - 1);
    await proxy.accept();
    const last = 2 + (await left()) - 1;
    await expect.poll(left, PATIENT).toBe(0);
    const all = Array.from({ length: last }, (_, n) => n + 1);
    await expect.poll(() => firsts('k'), PATIENT).toEqual(all);
    await running.stop();
  });

  it('loses nothing when the lease goes to another instance and comes back', async () => {
    const one = relay('one', proxied);
    for (const n of [1, 2]) await publish('l', n);
    await expect.poll(() => firsts('l'), PATIENT).toEqual([1, 2]);
    await expect.poll(left).toBe(0);

    proxy.loseNextAnswer();
    await publish('l', 3);
    await expect.poll(() => proxy.hasLostAnswer).toBe(true);
    await publish('l', 4);
    await expect.poll(holder, PATIENT).toBe('');
    const two = relay('two', direct);
    await expect.poll(left, PATIENT).toBe(0);
    await two.stop();
    await proxy.accept();
    await publish('l', 5);
    await expect.poll(left, PATIENT).toBe(0);
    await publish('l', 6);
    await expect.poll(left, PATIENT).toBe(0);
    await expect.poll(() => firsts('l'), PATIENT).toEqual([1, 2, 3, 4, 5, 6]);
    await one.stop();
  });

  it('makes one attempt for each publish and logs a failure', async () => {
    await proxied.publish([record('m', 1)]);
    expect(proxy.produceRequests).toBe(1);
    proxy.loseNextAnswer();
    await expect(proxied.publish([record('m', 2)])).rejects.toThrow();
    expect(proxy.produceRequests).toBe(2);
    expect(logged.join()).toContain('the next one uses a new producer');
    await proxy.accept();
    await proxied.publish([record('m', 3)]);
    expect(proxy.produceRequests).toBe(3);
    await expect.poll(() => firsts('m'), PATIENT).toEqual([1, 2, 3]);
  });

  it('rejects within its limit while the broker is silent, and uses a new connection after it', async () => {
    const impatient = messaging('impatient', proxy, 500);
    await impatient.publish([record('s', 1)]);
    proxy.hold();
    await expect(impatient.publish([record('s', 2)])).rejects.toThrow(/acknowledge within 500 ms/);
    proxy.release();
    await expect.poll(() => impatient.publish([record('s', 3)]).then(() => 'sent')).toBe('sent');
    expect(proxy.connections).toBe(2);
    await expect.poll(() => firsts('s').at(-1), PATIENT).toBe(3);
    await impatient.close();
  });

  it('continues a slow login in the next publish, and never sends the batch of the first', async () => {
    proxy.hold();
    await expect(proxied.publish([record('c', 1)])).rejects.toThrow(/connect within/);
    await expect(proxied.publish([record('c', 2)])).rejects.toThrow(/connect within/);
    proxy.release();
    await proxied.publish([record('c', 3)]);
    expect(proxy.connections).toBe(1);
    await expect.poll(() => firsts('c'), PATIENT).toEqual([3]);
  });

  it('keeps the order of each caller when several publish concurrently and connections are cut', async () => {
    const count = 40;
    let cuts = 0;
    const caller = async (key: string) => {
      for (let n = 1; n <= count; ) {
        const isSent = await proxied.publish([record(key, n)]).then(
          () => true,
          () => false,
        );
        if (!isSent) continue;
        if (key === 'x' && n % 10 === 0) {
          cuts += 1;
          proxy.cut();
        }
        n += 1;
      }
    };
    await Promise.all([caller('x'), caller('y')]);
    expect(cuts).toBe(4);
    const all = Array.from({ length: count }, (_, n) => n + 1);
    await expect.poll(() => firsts('x'), PATIENT).toEqual(all);
    await expect.poll(() => firsts('y'), PATIENT).toEqual(all);
  });
});
