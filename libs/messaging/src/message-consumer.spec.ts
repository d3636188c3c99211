import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import type { UnitOfWork } from '@fieldguide/database';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { Thing, thing } from '@fieldguide/database/testing';
import { makeLog } from '@fieldguide/telemetry';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Envelope } from './envelope.ts';
import { DeadLetter, DeadLetters, type IncomingRecord, MessageConsumer } from './parts.ts';
import { envelope } from './testing/messaging.contract.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
const command = {
  topic: 'thing-requests.v1',
  senders: ['test'],
  type: 'ChangeThing',
  data: z.object({ by: z.number() }),
  kind: 'command',
} as const;
const contract = {
  topic: 'things.v1',
  senders: ['test'],
  type: 'ThingChanged',
  data: z.object({ by: z.number() }),
};
const log = makeLog('test', 'test', 'silent');
let units: MemoryUnitOfWorkRunner;
let consumer: MessageConsumer;
let letters: DeadLetters;
let poisoned: Set<string>;
let unreachable: Map<string, Error>;
beforeEach(() => {
  units = new MemoryUnitOfWorkRunner({ service: 'test', clock, ids });
  poisoned = new Set();
  unreachable = new Map();
  const handle = async ({ subject, data }: Envelope, uow: UnitOfWork) => {
    if (poisoned.has(subject)) throw new Error('cannot be handled');
    if (unreachable.has(subject)) throw unreachable.get(subject);
    const row = (await uow.load(Thing, subject)) ?? thing(subject);
    row.count += (data as { by: number }).by;
    await uow.save(Thing, row);
  };
  const handlers = [contract, command].map((each) => ({ contract: each, handle }));
  consumer = new MessageConsumer('test', units, handlers, clock, log);
  letters = new DeadLetters(units, clock, log);
});

let offset = 0;
const record = (message: Envelope | string): IncomingRecord => ({
  topic: 'things.v1',
  key: Buffer.from(typeof message === 'string' ? 'malformed' : message.subject),
  value: Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)),
  position: { partition: 0, offset: String(offset++) },
});
/** The same as a known command. */
const retyped = (each: IncomingRecord): IncomingRecord => {
  const message = JSON.parse(each.value.toString());
  return { ...each, value: Buffer.from(JSON.stringify({ ...message, type: command.type })) };
};
const change = (subject: string, by: unknown = 1) => envelope(subject, { by });
const count = (id: string) => units.run(async (uow) => (await uow.load(Thing, id))?.count);
const parked = () => units.run((uow) => uow.find(DeadLetter, { redriven: false }, 100, 'serial'));

describe('a message', () => {
  it('has its effect once, however often it is delivered', async () => {
    const once = record(change('a'));
    await consumer.handle([once, once]);
    await consumer.handle([once]);
    expect(await count('a')).toBe(1);
  });

  it('that has expired is skipped, once and for all, and the next of its key is handled', async () => {
    const expiring = (ms: number) => ({
      ...change('a'),
      expirytime: clock.fromNow(ms).toISOString(),
    });
    const late = record(expiring(-60_000));
    await consumer.handle([late, late, record(expiring(60_000)), record(expiring(-1))]);
    expect(await count('a')).toBe(2); // the last one may be in time by the clock of its source
    expect(await parked()).toEqual([]);
  });

  it('that has expired while it was parked is skipped when it is redriven', async () => {
    poisoned.add('a');
    const expirytime = clock.fromNow(60_000).toISOString();
    await consumer.handle([record({ ...change('a'), expirytime })]);
    poisoned.clear();
    const later = new ManualClock(clock.fromNow(120_000).toISOString());
    const handlers = [{ contract, handle: () => Promise.reject(new Error('not expired')) }];
    const next = new MessageConsumer('test', units, handlers, later, log);
    expect(await letters.redriveKey('a', 'grace', next)).toMatchObject({ redriven: 1 });
    expect(await parked()).toEqual([]);
  });

  it('that cannot be handled is parked with its reason, and other keys continue', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a')), record(change('b')), record(change('b'))]);
    expect(await count('b')).toBe(2);
    expect(await parked()).toMatchObject([{ key: 'a', reason: 'cannot be handled' }]);
  });

  it('waits behind a parked one of its key, and both are handled in order when redriven', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a'))]);
    poisoned.clear();
    await consumer.handle([record(change('a', 10))]);
    expect(await count('a')).toBeUndefined();
    expect((await parked()).map(({ reason }) => reason)).toEqual([
      'cannot be handled',
      expect.stringMatching(/^waits behind/),
    ]);
    expect(await letters.redriveKey('a', 'grace', consumer)).toEqual({
      key: 'a',
      redriven: 2,
      moreWaiting: false,
    });
    expect(await count('a')).toBe(11);
    await consumer.handle([record(change('a'))]);
    expect(await count('a')).toBe(12);
  });

  it('that fails again when redriven stays where it is', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a'))]);
    expect(await letters.redriveKey('a', 'grace', consumer)).toMatchObject({
      redriven: 0,
      failed: { reason: 'cannot be handled' },
      moreWaiting: true,
    });
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

  it('of a source that may not publish on the topic is never handled, and a genuine one of its key or id is', async () => {
    const warned: object[] = [];
    vi.spyOn(log, 'warn').mockImplementation((...[event]: unknown[]) => {
      warned.push(event as object);
    });
    const genuine = change('a');
    const forged = { ...genuine, source: '/elsewhere', data: { by: 100 } };
    await consumer.handle([
      record(forged),
      record(genuine),
      { ...record(forged), topic: command.topic },
    ]);
    expect(await count('a')).toBe(1);
    const reason = '/elsewhere may not publish on things.v1';
    const inCommands = {
      topic: command.topic,
      reason: expect.stringMatching(/^\/elsewhere may not/),
    };
    expect(await parked()).toMatchObject([{ key: '', reason }, inCommands]);
    const security = { security: 'forgedSource', source: '/elsewhere', type: 'ThingChanged' };
    expect(warned).toMatchObject([security, security]);
    vi.restoreAllMocks();
    const [{ messageId } = { messageId: '' }] = await parked();
    const redriven = await letters.redrive(messageId, 'grace', consumer);
    expect(redriven).toMatchObject({ redriven: 0, failed: { reason } });
    expect(await count('a')).toBe(1);
  });

  it('without a field that this consumer reads is parked', async () => {
    await consumer.handle([record(change('a', 'many'))]);
    expect(await parked()).toMatchObject([{ key: 'a', reason: expect.stringContaining('by') }]);
  });

  it('with more fields than this consumer reads is handled', async () => {
    await consumer.handle([record(envelope('a', { by: 1, colour: 'red' }))]);
    expect(await count('a')).toBe(1);
  });

  it('of a type without a handler is skipped', async () => {
    await consumer.handle([record(envelope('a', {}, 'SomethingElse'))]);
    expect(await parked()).toEqual([]);
  });

  it('that is a command of an unknown type is parked with its key, and others continue', async () => {
    const commands = [envelope('a', {}, 'PaintThing'), change('a'), change('b')];
    const records = commands.map((each) => ({ ...record(each), topic: command.topic }));
    await consumer.handle(records.map((each, n) => (n === 0 ? each : retyped(each))));
    expect(await parked()).toMatchObject([
      { key: 'a', reason: 'test has no handler for thing-requests.v1/PaintThing' },
      { key: 'a', reason: expect.stringMatching(/^waits behind/) },
    ]);
    expect(await count('b')).toBe(1);
  });

  it('with a transient error is returned to the transport, and nothing is parked', async () => {
    unreachable.set('b', Object.assign(new Error('canceling statement'), { code: '57014' }));
    const batch = [record(change('a')), record(change('b')), record(change('b'))];
    await expect(consumer.handle(batch)).rejects.toThrow('canceling statement');
    expect(await parked()).toEqual([]);
    unreachable.clear();
    await consumer.handle(batch);
    expect([await count('a'), await count('b')]).toEqual([1, 2]);
  });

  it('without a key does not wait behind another without one', async () => {
    poisoned.add('');
    await consumer.handle([record(change(''))]);
    poisoned.clear();
    await consumer.handle([record(change('', 3))]);
    expect(await count('')).toBe(3);
    expect(await parked()).toHaveLength(1);
  });
});

describe('a dead letter', () => {
  const [grace, id] = ['grace', async () => (await parked())[0]!.messageId];
  const stored = async (messageId: string) =>
    units.run((uow) => uow.load(DeadLetter, messageId)) as Promise<DeadLetter>;

  it('that is not a valid message fails again when redriven, and can be discarded', async () => {
    await consumer.handle([record('nonsense'), record('more nonsense')]);
    const letter = await id();
    expect(await letters.redrive(letter, grace, consumer)).toMatchObject({
      redriven: 0,
      failed: { id: letter, reason: 'not a CloudEvents envelope' },
    });
    expect(await letters.discard(letter, grace, 'sent by a test')).toEqual({
      id: letter,
      key: 'malformed',
      moreWaiting: true,
    });
    expect(await stored(letter)).toMatchObject({
      redriven: true,
      outcome: 'discarded',
      handledBy: grace,
      handledAt: expect.any(Date),
      note: 'sent by a test',
    });
    expect(await letters.discard(await id(), grace)).toMatchObject({ moreWaiting: false });
    expect(await parked()).toEqual([]);
  });

  it('is redriven by its id with all waiting letters of its key, and records the operator', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a')), record(change('a'))]);
    poisoned.clear();
    const [first, last] = (await parked()).map(({ messageId }) => messageId);
    expect(await letters.redrive(last!, grace, consumer)).toMatchObject({ redriven: 2 });
    expect(await count('a')).toBe(2);
    expect(await stored(first!)).toMatchObject({ outcome: 'redriven', handledBy: grace });
  });

  it('that waited behind another gets its own reason when it fails itself', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a')), record(change('a'))]);
    await letters.discard(await id(), grace);
    expect(await letters.redriveKey('a', grace, consumer)).toMatchObject({ redriven: 0 });
    expect(await parked()).toMatchObject([{ reason: 'cannot be handled' }]);
  });

  it('stays when the redrive meets a transient error', async () => {
    poisoned.add('a');
    await consumer.handle([record(change('a'))]);
    poisoned.clear();
    unreachable.set('a', Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
    await expect(letters.redriveKey('a', grace, consumer)).rejects.toThrow('away');
    expect(await parked()).toMatchObject([{ reason: 'cannot be handled', redriven: false }]);
  });

  it('that is unknown, or was resolved before, is rejected with its history', async () => {
    const unknown = '00000000-0000-7000-8000-0000000000ff';
    await expect(letters.discard(unknown, grace)).rejects.toMatchObject({ kind: 'unknown' });
    await expect(letters.redriveKey('a', grace, consumer)).rejects.toMatchObject({
      kind: 'unknown',
    });
    await consumer.handle([record('nonsense')]);
    const letter = await id();
    await letters.discard(letter, grace);
    await expect(letters.redrive(letter, 'ada', consumer)).rejects.toThrow(
      /was discarded before at .* by grace/,
    );
  });
});
