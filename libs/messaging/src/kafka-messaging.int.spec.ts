import { createServer } from 'node:net';
import 'reflect-metadata';
import { SystemClock } from '@fieldguide/clock';
import { Health, makeLog } from '@fieldguide/telemetry';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { brokerSettings } from './broker-url.ts';
import { KafkaMessaging } from './parts.ts';
import { patchIdleTimer } from './patch-timers.ts';
import { envelope, messagingContract, TOPICS } from './testing/messaging.contract.ts';

const clock = new SystemClock();
const log = makeLog('test', 'test', 'silent');
const settings = () => ({ url: inject('backing').kafka, prefix: 'int.', clock, log });
const admin = () =>
  new Kafka({
    clientId: 'spec',
    ...brokerSettings(inject('backing').kafka),
    logLevel: logLevel.NOTHING,
  }).admin();

beforeAll(async () => {
  const kafka = admin();
  await kafka.connect();
  const topics = TOPICS.map((topic) => ({
    topic: `int.${topic}`,
    numPartitions: 3,
    replicationFactor: 1,
  }));
  await kafka.createTopics({ topics, waitForLeaders: true });
  await kafka.disconnect();
});

let groups = 0;
messagingContract('on Kafka', async () => {
  const test = ++groups;
  return {
    instance: async (id) => new KafkaMessaging({ ...settings(), clientId: `${id}-${test}` }),
    group: () => `group-${++groups}`,
  };
});

describe('messaging on Kafka', () => {
  it('rejects with the name of a missing topic instead of creating it', async () => {
    const messaging = new KafkaMessaging({ ...settings(), clientId: 'unknown' });
    const publishing = messaging.publish([{ topic: 'never.created.v1', envelope: envelope('a') }]);
    await expect(publishing).rejects.toThrow(/topic/i);
    await messaging.close();
  });

  it('starts another consumer when one has crashed finally, and misses nothing', async () => {
    const made: { consumer: Consumer; crash: (error: Error) => void }[] = [];
    const make = Kafka.prototype.consumer;
    const making = vi.spyOn(Kafka.prototype, 'consumer').mockImplementation(function (
      this: Kafka,
      config,
    ) {
      const consumer = make.call(this, config);
      const on = vi.spyOn(consumer, 'on');
      made.push({
        consumer,
        crash: (error) => {
          const [, listener] = on.mock.calls.find(([name]) => name === consumer.events.CRASH)!;
          listener({ payload: { error, groupId: config!.groupId, restart: false } } as never);
        },
      });
      return consumer;
    });
    const messaging = new KafkaMessaging({ ...settings(), clientId: 'crashing' });
    const [topic] = TOPICS;
    const seen: string[] = [];
    const subscription = await messaging.subscribe(
      [topic],
      { mode: 'shared', group: 'crashing' },
      async (records) => {
        for (const { value } of records)
          seen.push((JSON.parse(value.toString()) as { id: string }).id);
      },
    );
    const [before, after] = [envelope('crashing'), envelope('crashing')];
    await messaging.publish([{ topic, envelope: before }]);
    await expect.poll(() => seen, { timeout: 20_000 }).toContain(before.id);

    // As kafkajs ends a consumer after an error that it treats as final: disconnected, and not to be restarted.
    await made[0]!.consumer.disconnect();
    made[0]!.crash(new Error('Failed to find group coordinator'));
    await messaging.publish([{ topic, envelope: after }]);
    await expect.poll(() => seen, { timeout: 20_000 }).toContain(after.id);
    await subscription.close();
    await messaging.close();
    making.mockRestore();
  });

  it('is degraded, not broken, while the broker is unreachable', async () => {
    const messaging = new KafkaMessaging({
      ...settings(),
      url: 'kafka://127.0.0.1:9',
      clientId: 'away',
    });
    expect(await messaging.state()).toMatchObject({ state: 'degraded' });
    expect(await messaging.lag('group', TOPICS)).toBeUndefined();
    await messaging.subscribe(TOPICS, { mode: 'shared', group: 'away' }, async () => undefined);
    await messaging.close();
  });

  it('is degraded, not down, while its port accepts connections without responding', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const url = `kafka://127.0.0.1:${port}`;
    const messaging = new KafkaMessaging({ ...settings(), url, clientId: 'silent' });
    const health = new Health();
    health.register('messaging', () => messaging.state());
    expect((await health.report()).status).toBe('degraded');
    await messaging.close();
    silent.close();
  });
});

describe("kafkajs' idle timer", () => {
  const queue = () =>
    new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 1_000,
      clientId: 'c',
      broker: 'b',
      logger: { debug: () => undefined },
    });
  // Read at import time, before the patch is applied.
  const original = RequestQueue.prototype.scheduleCheckPendingRequests;

  it('is armed needlessly by kafkajs itself, and not when patched', () => {
    const unpatched = queue();
    original.call(unpatched);
    expect(unpatched.throttleCheckTimeoutId).not.toBeNull();
    clearTimeout(unpatched.throttleCheckTimeoutId!);
    patchIdleTimer();
    const patched = queue();
    patched.scheduleCheckPendingRequests();
    expect(patched.throttleCheckTimeoutId).toBeNull();
  });

  it('is still armed when requests are pending, or the broker throttles', () => {
    const waiting = queue();
    waiting.pending.push({});
    waiting.scheduleCheckPendingRequests();
    expect(waiting.throttleCheckTimeoutId).not.toBeNull();
    clearTimeout(waiting.throttleCheckTimeoutId!);
    const throttled = queue();
    throttled.throttledUntil = Date.now() + 1_000;
    throttled.scheduleCheckPendingRequests();
    expect(throttled.throttleCheckTimeoutId).not.toBeNull();
    clearTimeout(throttled.throttleCheckTimeoutId!);
  });
});
