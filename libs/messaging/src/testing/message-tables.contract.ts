import type { UnitOfWorkRunner } from '@fieldguide/database';
import { Thing, thing } from '@fieldguide/database/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { accept } from '../accept.ts';
import type { Envelope } from '../envelope.ts';
import { DeadLetter, OutboxMessage } from '../message-tables.entity.ts';
import { publish } from '../outgoing-message.ts';
import { envelope } from './messaging.contract.ts';

const message = (id: string): Envelope => ({
  ...envelope('a'),
  id,
  source: '/elsewhere',
  correlationid: 'began-there',
});
const [first, second] = [
  '00000000-0000-7000-8000-000000000a01',
  '00000000-0000-7000-8000-000000000a02',
];
const deadLetter = (messageId: string) => {
  const letter = { messageId, topic: 't', key: 'a', envelope: {}, reason: 'r', arrival: '0' };
  return Object.assign(new DeadLetter(), letter, { parkedAt: new Date('2030-01-01') });
};
const ThingChanged = {
  topic: 'things.v1',
  senders: ['test'],
  type: 'ThingChanged',
  data: z.object({ subject: z.string() }),
};

/** Inbox, outbox and dead letters pass this suite on every implementation of units of work. */
export function messageTablesContract(name: string, make: () => Promise<UnitOfWorkRunner>) {
  describe(`messages in a unit of work ${name}`, () => {
    let units: UnitOfWorkRunner;
    beforeEach(async () => {
      units = await make();
    });
    /** The messages that the relay would send, in order. */
    const outgoing = async () => {
      const rows = await units.run((uow) => uow.find(OutboxMessage, {}, 9, 'id'));
      return rows.map(({ envelope }) => envelope);
    };
    const count = (id: string) => units.run(async (uow) => (await uow.load(Thing, id))?.count);

    it('stores nothing when it fails: no row, no message, no inbox entry', async () => {
      const failing = units.run(async (uow) => {
        await accept(uow, message(first!));
        await uow.save(Thing, thing('a'));
        publish(uow, ThingChanged, 'a', { subject: 'a' });
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      expect(await count('a')).toBeUndefined();
      expect(await outgoing()).toEqual([]);
      expect(await units.run((uow) => accept(uow, message(first!)))).toBe(true);
    });

    it('accepts each message once', async () => {
      const handle = () =>
        units.run(async (uow) => {
          if (!(await accept(uow, message(first!)))) return;
          const row = (await uow.load(Thing, 'a')) ?? thing('a');
          row.count += 1;
          await uow.save(Thing, row);
        });
      await handle();
      await handle();
      expect(await count('a')).toBe(1);
    });

    it('sends published messages in order, caused by the received message', async () => {
      await units.run(async (uow) => {
        await accept(uow, message(second!));
        publish(uow, ThingChanged, 'a', { subject: 'a' });
        publish(uow, ThingChanged, 'b', { subject: 'b' });
      });
      const sent = await outgoing();
      expect(sent.map(({ subject }) => subject)).toEqual(['a', 'b']);
      expect(sent[0]).toMatchObject({
        source: '/test',
        correlationid: 'began-there',
        causationid: second,
      });
    });

    it('numbers dead letters in the order in which they are saved', async () => {
      for (const messageId of [second!, first!])
        await units.run((uow) => uow.save(DeadLetter, deadLetter(messageId)));
      const inOrder = () => units.run((uow) => uow.find(DeadLetter, { key: 'a' }, 9, 'serial'));
      expect((await inOrder()).map(({ messageId }) => messageId)).toEqual([second, first]);
      const [before] = await inOrder();
      await units.run((uow) => uow.save(DeadLetter, Object.assign(before!, { redriven: true })));
      expect((await inOrder())[0]).toMatchObject({ messageId: second, serial: before!.serial });
    });

    it('numbers dead letters that it saves together, and keeps their bytes', async () => {
      const value = Uint8Array.of(0, 255, 92);
      await units.run(async (uow) => {
        for (const messageId of [second!, first!])
          await uow.save(DeadLetter, Object.assign(deadLetter(messageId), { value }));
      });
      const letters = await units.run((uow) => uow.find(DeadLetter, { key: 'a' }, 9, 'serial'));
      expect(letters.map(({ messageId }) => messageId)).toEqual([second, first]);
      expect([...letters[0]!.value!]).toEqual([...value]);
    });
  });
}
