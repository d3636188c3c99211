import { createServer, type Socket } from 'node:net';
import { SystemClock } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import { makeLog } from '@fieldguide/telemetry';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { brokerSettings } from './broker-url.ts';
import { type IncomingRecord, KafkaMessaging } from './parts.ts';

const [BACKLOG, OTHER, SILENT, BROADCAST] = ['backlog', 'other', 'silent', 'broadcast'].map(
  (name) => `consumer.${name}.v1`,
) as [string, string, string, string];
const RECORDS = 5_000;
const HANDLED_IN_MS = 5;
const KEYS = 30;
const clock = new SystemClock();
const logged: string[] = [];
const log = makeLog('test', 'test', 'debug', { write: (line) => void logged.push(line) });
const broker = () => brokerSettings(inject('backing').kafka);
const kafka = () => new Kafka({ ...broker(), logLevel: logLevel.NOTHING });
let opened: KafkaMessaging[] = [];
const messaging = (clientId: string, url = inject('backing').kafka) => {
  const one = new KafkaMessaging({ url, clientId, prefix: 'int.', clock, log });
  opened.push(one);
  return one;
};
const numberOf = ({ value }: IncomingRecord) => Number(value);

beforeAll(async () => {
  const admin = kafka().admin();
  await admin.connect();
  const topics = [BACKLOG, OTHER, SILENT, BROADCAST].map((topic) => ({
    topic: `int.${topic}`,
    numPartitions: topic === BACKLOG ? 6 : 1,
    replicationFactor: 1,
  }));
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  opened = [];
});

async function send(topic: string, records: readonly { key: string; value: string }[]) {
  const producer = kafka().producer();
  await producer.connect();
  for (let at = 0; at < records.length; at += 500)
    await producer.send({ topic: `int.${topic}`, messages: records.slice(at, at + 500) });
  await producer.disconnect();
}

/** Log entries of kafkajs about members that exceeded the session timeout. */
const evictions = () =>
  logged.filter((line) => /not aware of this member|UNKNOWN_MEMBER|session timed out/i.test(line));

describe('a backlog', () => {
  it('of 5,000 records and a slow handler delays no other topic, evicts no member and keeps the order of each key', async () => {
    await send(
      BACKLOG,
      Array.from({ length: RECORDS }, (_, n) => ({ key: `k${n % KEYS}`, value: String(n) })),
    );
    logged.length = 0;
    const firsts = new Map<string, number[]>();
    const seen = new Set<number>();
    let largest = 0;
    let otherAfter: number | undefined;
    for (const id of ['slow-1', 'slow-2'])
      await messaging(id).subscribe(
        [BACKLOG, OTHER],
        { mode: 'shared', group: 'slow' },
        async (records) => {
          largest = Math.max(largest, records.length);
          for (const record of records) {
            if (record.topic === OTHER) {
              otherAfter ??= seen.size;
              continue;
            }
            await clock.sleep(HANDLED_IN_MS);
            if (seen.has(numberOf(record))) continue;
            seen.add(numberOf(record));
            const key = String(record.key);
            firsts.set(key, [...(firsts.get(key) ?? []), numberOf(record)]);
          }
        },
      );
    await expect.poll(() => seen.size).toBeGreaterThan(100);
    const sentAfter = seen.size;
    await send(OTHER, [{ key: 'a', value: '0' }]);
    await expect.poll(() => otherAfter).toBeDefined();
    await expect.poll(() => seen.size, { timeout: 90_000 }).toBe(RECORDS);
    expect(otherAfter! - sentAfter).toBeLessThan(RECORDS / 4);
    expect(largest).toBeLessThanOrEqual(100);
    for (const numbers of firsts.values())
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(evictions()).toEqual([]);
  });

  it('is not handed to another member while one chunk takes longer than the session', async () => {
    await send(SILENT, [{ key: 'a', value: '1' }]);
    logged.length = 0;
    let calls = 0;
    for (const id of ['patient-1', 'patient-2'])
      await messaging(id).subscribe([SILENT], { mode: 'shared', group: 'patient' }, async () => {
        calls += 1;
        await clock.sleep(8_000); // the session lasts 6 s
      });
    await expect.poll(() => messaging('lag').lag('patient', [SILENT])).toBe(0);
    expect(calls).toBe(1);
    expect(evictions()).toEqual([]);
  });
});

describe('a chunk that fails', () => {
  it('is retried, degrades readiness with the reason, and does not delay other topics', async () => {
    await send(SILENT, [{ key: 'a', value: 'fails' }]);
    const one = messaging('failing');
    let isFailing = true;
    const handled: string[] = [];
    await one.subscribe([SILENT, OTHER], { mode: 'shared', group: 'failing' }, async (records) => {
      const topics = records.map(({ topic }) => topic);
      if (isFailing && topics.includes(SILENT))
        throw Object.assign(new Error('a secret'), { code: '57P03' });
      handled.push(...topics);
    });
    await expect
      .poll(() => one.state())
      .toEqual({
        state: 'degraded',
        detail: `int.${SILENT}[0] fails: Error 57P03`,
      });
    await send(OTHER, [{ key: 'a', value: '0' }]);
    await expect.poll(() => handled).toContain(OTHER);
    isFailing = false;
    await expect.poll(() => handled).toContain(SILENT);
    await expect.poll(() => one.state()).toEqual({ state: 'ok' });
  });
});

describe('an instance that starts', () => {
  it('is ready when it has read all broadcasts to the end', async () => {
    await send(BROADCAST, [{ key: 'a', value: '1' }]);
    const one = messaging('fresh');
    const mayRead = Promise.withResolvers<void>();
    await one.subscribe([BROADCAST], { mode: 'broadcast', group: 'fresh' }, () => mayRead.promise);
    expect(await one.state()).toEqual({
      state: 'down',
      detail: `not read to the end yet: int.${BROADCAST}`,
    });
    mayRead.resolve();
    await expect.poll(() => one.state()).toEqual({ state: 'ok' });
  });

  it('serves, degraded, after Kafka has been unreachable for ten seconds', async () => {
    const manual = new ManualClock();
    const url = 'kafka://127.0.0.1:9';
    const one = new KafkaMessaging({ url, clientId: 'alone', prefix: '', clock: manual, log });
    opened.push(one);
    await one.subscribe([BROADCAST], { mode: 'broadcast', group: 'alone' }, async () => undefined);
    const stateNow = async () => {
      const state = one.state();
      await clock.sleep(50);
      manual.advance(600); // longer than the time limit for the broker
      return (await state).state;
    };
    expect(await stateNow()).toBe('down');
    manual.advance(10_000);
    expect(await stateNow()).toBe('degraded');
  });
});

describe('closing', () => {
  it.each(['refuses', 'is silent'])('ends in time when the broker %s', async (how) => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    if (how === 'refuses') await new Promise((resolve) => silent.close(resolve));
    const one = messaging('leaving', `kafka://127.0.0.1:${port}`);
    await one.subscribe([OTHER], { mode: 'shared', group: 'leaving' }, async () => undefined);
    await one.subscribe(
      [BROADCAST],
      { mode: 'broadcast', group: 'leaving' },
      async () => undefined,
    );
    const publishing = one.publish([{ topic: OTHER, envelope: { subject: 'a' } as never }]);
    publishing.catch(() => undefined);
    await one.state();
    const begun = performance.now();
    await one.close();
    expect(performance.now() - begun).toBeLessThan(8_000);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
