import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { slowness } from '@fieldguide/clock/testing';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { appNames } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';
import { Kafka, KafkaJSProtocolError, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import {
  countInProgress,
  expectMoneyToBalance,
  reservedUnits,
  unitsOnHand,
  unitsShipped,
} from './order-invariants.ts';
import { projectionHash } from './projection-hash.ts';
import { platform, scale } from './running-platform.ts';
import { query } from './shop.ts';
import { Traffic } from './traffic.ts';

// The duration in CI; `npm run verify` runs two minutes.
const SECONDS = Number(process.env['FIELDGUIDE_CHAOS_SECONDS'] ?? 20);
const isLong = SECONDS >= 60;
const KILLS = isLong
  ? { kafka: 5, postgres: 1, instances: 10 }
  : { kafka: 1, postgres: 1, instances: 3 };
const ORDERS_PER_SECOND = 10;
const ENDS_WITHIN_MS = 60_000;
const RECOVERY = { timeout: 120_000, interval: 200 };

// Unreadable records by topic and consuming service.
const unreadable: readonly [topic: string, service: string, value: Buffer | null][] = [
  ['inventory.requests.v1', 'inventory', Buffer.from([0, 0, 0])],
  ['inventory.requests.v1', 'inventory', Buffer.from('{"half":')],
  ['payments.requests.v1', 'payments', Buffer.from([0xff, 0xfe, 0x00, 0xc3])],
  ['inventory.reservations.v1', 'ordering', Buffer.from('"\ud800\u0000"')],
  ['inventory.reservations.v1', 'ordering', Buffer.alloc(200_000, 'x')],
  ['shipping.shipments.v1', 'ordering', Buffer.from('[]')],
];
const consumers = ['inventory', 'payments', 'ordering', 'shipping'];

const fieldguide = async (...args: string[]) => {
  const all = ['platform/cli/bin/fieldguide.mjs', ...args, '--env', 'e2e'];
  return (await promisify(execFile)(process.execPath, all)).stdout;
};
/** Returns the ids of a service's waiting dead letters. */
const waiting = async (service: string) =>
  (
    await query<{ message_id: string }>(
      service,
      'SELECT message_id FROM dead_letters WHERE NOT redriven',
    )
  ).map(({ message_id }) => message_id);

beforeAll(async () => {
  await Promise.all(appNames.map((app) => scale(app, 2)));
});
afterAll(async () => {
  await Promise.all(appNames.map((app) => scale(app, 1)));
});

it(`ends all orders of ${SECONDS} s with consistent stock and money, while processes are killed and unreadable records arrive`, async () => {
  const before = { onHand: await unitsOnHand(), shipped: await unitsShipped() };
  const lettersBefore = await Promise.all(consumers.map(waiting));
  const traffic = new Traffic(inject('shop').gatewayUrl, `chaos-${SECONDS}`);
  await traffic.signIn();
  const ending = new AbortController();
  const running = traffic.run({ ordersPerSecond: ORDERS_PER_SECOND }, ending.signal, true);

  const startMs = performance.now();
  await Promise.all([
    spread(KILLS.kafka, async () => killBacking('kafka')),
    spread(KILLS.postgres, async () => killBacking('postgres')),
    spread(KILLS.instances, killInstance),
    spread(unreadable.length, sendUnreadable),
  ]);
  await sleep(Math.max(0, startMs + SECONDS * 1_000 - performance.now()));
  ending.abort();
  const { orders, sent, failures, repeats } = await running;
  console.log(`${orders.size} of ${sent} orders acknowledged, ${repeats} retries`, failures);
  expect(orders.size).toBeGreaterThan(SECONDS / 2);

  await vi.waitUntil(async () => (await countInProgress().catch(() => 1)) === 0, {
    timeout: ENDS_WITHIN_MS * slowness(),
    interval: 200,
  });
  expect(await traffic.notEnded(orders)).toEqual([]);
  const shipped = async () => (await unitsShipped()) - before.shipped;
  await expect.poll(shipped).toBe(before.onHand - (await unitsOnHand()));
  expect(await reservedUnits()).toBe(0);
  await expectMoneyToBalance();
  await expect
    .poll(async () => (await projectionHash('projection')) === (await projectionHash('log')))
    .toBe(true);

  const newLetters = async () => {
    const letters = await Promise.all(consumers.map(waiting));
    return letters.map((each, n) => each.filter((id) => !lettersBefore[n]!.includes(id)));
  };
  const wanted = consumers.map(
    (service) => unreadable.filter(([, each]) => each === service).length,
  );
  await expect.poll(async () => (await newLetters()).map((each) => each.length)).toEqual(wanted);
  for (const [n, ids] of (await newLetters()).entries())
    for (const id of ids)
      await fieldguide('dead-letters', 'discard', consumers[n]!, id, '--reason', 'bad-record');
  expect((await newLetters()).flat()).toEqual([]);
}, 900_000);

/** Runs `work` the given number of times, spread evenly over the run. */
async function spread(times: number, work: (n: number) => Promise<void>): Promise<void> {
  const startMs = performance.now();
  for (let n = 0; n < times; n++) {
    const at = startMs + ((n + 0.5) / times) * (SECONDS - 5) * 1_000;
    await sleep(Math.max(0, at - performance.now()));
    await work(n);
  }
}

function killBacking(service: 'kafka' | 'postgres'): void {
  const { pid } = readState(new Environment('e2e'))!.services[service]!;
  process.kill(pid, 'SIGKILL');
}

/** Kills instances app by app, alternating between the first and the second instance. */
async function killInstance(n: number): Promise<void> {
  const app = appNames[(n * 3) % appNames.length]!;
  const signals = `/apps/${app}/instances/${(n % 2) + 1}/signals`;
  const isKilled = () =>
    platform()
      .call('POST', signals, { signal: 'SIGKILL' })
      .then(
        () => true,
        () => false,
      );
  await vi.waitUntil(isKilled, RECOVERY);
}

/** Sends one record. Retries only after an error from the broker itself, so that it arrives exactly once. */
async function sendUnreadable(n: number): Promise<void> {
  const [topic, , value] = unreadable[n]!;
  const brokers = brokerSettings(inject('shop').kafka);
  const kafka = new Kafka({ ...brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const messages = [{ key: `bad-record-${process.pid}-${n}`, value }];
  const isSent = async () => {
    if (
      !(await producer.connect().then(
        () => true,
        () => false,
      ))
    )
      return false;
    try {
      await producer.send({ topic: `e2e.${topic}`, acks: -1, messages });
      return true;
    } catch (error) {
      const { cause } = error as Error;
      if ((cause ?? error) instanceof KafkaJSProtocolError) return false;
      throw error;
    }
  };
  await vi.waitUntil(isSent, RECOVERY);
  await producer.disconnect();
}
