import { setImmediate } from 'node:timers/promises';
import { SystemClock } from '@fieldguide/clock';
import { makeLog } from '@fieldguide/telemetry';
import type { Consumer, EachBatchHandler, Kafka } from 'kafkajs';
import { expect, it, vi } from 'vitest';
import { KafkaConsumer } from './kafka-consumer.ts';

const TOPIC = 'things.v1';

/** A consumer of kafkajs that never fetches; `deliver` hands it a record. */
function stubbed() {
  let eachBatch: EachBatchHandler;
  const commit = vi.fn(async () => undefined);
  const consumer = {
    events: {},
    on: () => undefined,
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: async (options: { eachBatch: EachBatchHandler }) => {
      ({ eachBatch } = options);
    },
    disconnect: async () => undefined,
  } as unknown as Consumer;
  const deliver = (offset: string) =>
    eachBatch({
      batch: {
        topic: TOPIC,
        partition: 0,
        messages: [{ offset, key: Buffer.from('a'), value: Buffer.from('1') }],
        lastOffset: () => offset,
      },
      resolveOffset: () => undefined,
      heartbeat: async () => undefined,
      commitOffsetsIfNecessary: commit,
      uncommittedOffsets: () => ({ topics: [] }),
      isRunning: () => true,
      isStale: () => false,
      pause: () => () => undefined,
    } as never);
  const kafka = { consumer: () => consumer } as unknown as Kafka;
  const log = makeLog('test', 'test', 'silent');
  const settings = { kafka, clientId: 'test', prefix: '', clock: new SystemClock(), log };
  const handled = vi.fn(async () => undefined);
  const open = new KafkaConsumer(settings, [TOPIC], { mode: 'shared', group: 'test' }, handled);
  return { open, commit, deliver, handled };
}

it('commits the offsets of many chunks together, and again after a failure although no more records come', async () => {
  const { open, commit, deliver, handled } = stubbed();
  commit.mockRejectedValueOnce(new Error('the coordinator is not available'));
  await setImmediate();
  await deliver('0');
  await deliver('1');
  expect(handled).toHaveBeenCalledTimes(2);
  expect(commit).not.toHaveBeenCalled();
  await expect.poll(() => commit.mock.calls.length).toBe(2);
  await open.close();
  expect(commit).toHaveBeenCalledTimes(2);
});

it('commits before it leaves the group', async () => {
  const { open, commit, deliver } = stubbed();
  await setImmediate();
  await deliver('0');
  await open.close();
  expect(commit).toHaveBeenCalledTimes(1);
});
