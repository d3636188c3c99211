import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { makeLog } from '@fieldguide/telemetry';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { MemoryMessaging, MessagingStrategy } from './parts.ts';
import { envelope } from './testing/messaging.contract.ts';

const clock = new ManualClock();
const log = makeLog('test', 'test', 'silent');
const data = z.object({});

/** The messages that one process receives from a broadcast and a shared topic. */
async function received(units?: MemoryUnitOfWorkRunner): Promise<string[]> {
  const messaging = new MemoryMessaging(clock);
  const strategy = new MessagingStrategy('test', messaging, units, clock, log);
  const got: string[] = [];
  for (const mode of ['broadcast', 'shared'] as const) {
    const contract = { topic: `${mode}.things.v1`, senders: ['test'], type: 'ThingChanged', data };
    const handler = async () => void got.push(mode);
    strategy.addHandler(contract.topic, handler, true, { contract, mode });
  }
  await strategy.listen(() => undefined);
  for (const mode of ['broadcast', 'shared'])
    await messaging.publish([{ topic: `${mode}.things.v1`, envelope: envelope('a') }]);
  for (const mode of ['broadcast', 'shared'])
    await messaging.publish([
      { topic: `${mode}.things.v1`, envelope: { ...envelope('a'), source: '/forged' } },
    ]);
  await strategy.close();
  return got.toSorted();
}

it('a process without a unit of work, such as a web process, receives broadcasts only', async () => {
  expect(await received()).toEqual(['broadcast']);
});

it('a worker receives both', async () => {
  const units = new MemoryUnitOfWorkRunner({ service: 'test', clock, ids: new CountingIds() });
  expect(await received(units)).toEqual(['broadcast', 'shared']);
});
