import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import {
  DeadLetter,
  type Envelope,
  MemoryUnitsOfWork,
  type UnitOfWork,
} from '@fieldguide/database';
import { Thing, thing } from '@fieldguide/database/testing';
import { makeLog } from '@fieldguide/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type IncomingRecord, MessageConsumer } from './index.ts';
import { envelope } from './testing/messaging.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const contract = { topic: 'things.v1', type: 'ThingChanged', data: z.object({ by: z.number() }) };
const log = makeLog('test', 'test', 'silent');
let units: MemoryUnitsOfWork;
let consumer: MessageConsumer;
let poisoned: Set<string>;
beforeEach(() => {
  units = new MemoryUnitsOfWork({ service: 'test', clock, ids });
  poisoned = new Set();
  const handle = async ({ subject, data }: Envelope, uow: UnitOfWork) => {
    if (poisoned.has(subject)) throw new Error('cannot be digested');
    const row = (await uow.load(Thing, subject)) ?? thing(subject);
    row.count += (data as { by: number }).by;
    await uow.save(Thing, row);
  };
  consumer = new MessageConsumer('test', units, [{ contract, handle }], clock, log);
});

let offset = 0;
const record = (message: Envelope | string): IncomingRecord => ({
  topic: 'things.v1',
  key: typeof message === 'string' ? 'malformed' : message.subject,
  value: typeof message === 'string' ? message : JSON.stringify(message),
  position: { partition: 0, offset: String(offset++) },
});
const change = (subject: string, by: unknown = 1) => envelope(subject, { by });
const count = (id: string) => units.run(async (uow) => (await uow.load(Thing, id))?.count);
const parked = () => units.run((uow) => uow.find(DeadLetter, { redriven: false }, 100));

describe('a message', () => {
  it('has its effect once, however often it comes', async () => {
    const once = record(change('a'));
    await consumer.handle([once, once]);
    await consumer.handle([once]);
    expect(await count('a')).toBe(1);
  });

  it('that cannot be handled is parked with its reason, and other keys go on', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a')), record(change('b')), record(change('b'))]);
    expect(await count('b')).toBe(2);
    expect(await parked()).toMatchObject([{ key: 'a', reason: 'cannot be digested' }]);
  });

  it('waits behind a parked one of its key, and both are handled in order when redriven', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a'))]);
    poisoned.clear();
    await consumer.handle([record(change('a', 10))]);
    expect(await count('a')).toBeUndefined();
    expect((await parked()).map(({ reason }) => reason)).toEqual([
      'cannot be digested',
      expect.stringMatching(/^waits behind/),
    ]);
    expect(await consumer.redrive('a')).toEqual({ redriven: 2 });
    expect(await count('a')).toBe(11);
    await consumer.handle([record(change('a'))]);
    expect(await count('a')).toBe(12);
  });

  it('that fails again when redriven stays where it is', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a'))]);
    expect(await consumer.redrive('a')).toEqual({ redriven: 0, failed: 'cannot be digested' });
    expect(await parked()).toHaveLength(1);
  });

  it.each([
    ['is not JSON', 'nonsense {'],
    ['has no envelope', '{"hello":"world"}'],
  ])('that %s is parked, not lost and not looped on', async (_, value) => {
    await consumer.handle([record(value), record(change('b'))]);
    expect(await parked()).toMatchObject([{ reason: 'not a CloudEvents envelope' }]);
    expect(await count('b')).toBe(1);
  });

  it('without a field that this consumer reads is parked', async () => {
    await consumer.handle([record(change('a', 'many'))]);
    expect(await parked()).toMatchObject([{ key: 'a', reason: expect.stringContaining('by') }]);
  });

  it('with more fields than this consumer reads is handled', async () => {
    await consumer.handle([record(envelope('a', { by: 1, colour: 'red' }))]);
    expect(await count('a')).toBe(1);
  });

  it('of a type that nobody here listens to is left alone', async () => {
    await consumer.handle([record(envelope('a', {}, 'SomethingElse'))]);
    expect(await parked()).toEqual([]);
  });
});
