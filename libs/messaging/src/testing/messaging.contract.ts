import { recordTraces } from '@fieldguide/telemetry/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Envelope } from '../envelope.ts';
import type { IncomingRecord, Messaging, OutgoingRecord } from '../messaging.ts';

export const TOPICS = ['contract.things.v1', 'contract.others.v1'] as const;
const WAIT = { timeout: 20_000, interval: 20 };

let made = 0;
export function envelope(subject: string, data: object = {}, type = 'ThingChanged'): Envelope {
  made += 1;
  return {
    specversion: '1.0',
    id: `00000000-0000-7000-8000-${String(made).padStart(12, '0')}`,
    source: '/test',
    type,
    subject,
    time: '2030-01-01T12:00:00.000Z',
    datacontenttype: 'application/json',
    data,
    correlationid: 'test',
  };
}

export interface MessagingUnderTest {
  /** The transport of one instance; each has its own connections where that applies. */
  instance(name: string): Promise<Messaging>;
  /** Different for every test, so that tests do not share positions. */
  group(): string;
}

/** Every transport passes this suite. */
export function messagingContract(name: string, make: () => Promise<MessagingUnderTest>) {
  describe(`messaging ${name}`, () => {
    let under: MessagingUnderTest;
    let instances: Messaging[] = [];
    beforeEach(async () => {
      under = await make();
      instances = [];
    });
    afterEach(() => Promise.all(instances.map((each) => each.close())));
    const instance = async (id: string) => {
      const one = await under.instance(id);
      instances.push(one);
      return one;
    };
    const mark = () => envelope('mark').id;
    const records = (marked: string, keys: readonly string[], each = 1): OutgoingRecord[] =>
      keys.flatMap((key) =>
        Array.from({ length: each }, (_, n) => ({
          topic: TOPICS[0],
          envelope: envelope(key, { marked, n }),
        })),
      );
    const dataOf = ({ value }: IncomingRecord) =>
      JSON.parse(value.toString()).data as { marked: string; n: number };
    const only = (marked: string, batch: readonly IncomingRecord[]) =>
      batch.filter((record) => dataOf(record).marked === marked);

    it('delivers records in order for each key', async () => {
      const [one, marked] = [await instance('one'), mark()];
      const got: IncomingRecord[] = [];
      const options = { mode: 'shared', group: under.group() } as const;
      await one.subscribe(TOPICS, options, async (batch) => void got.push(...only(marked, batch)));
      await one.publish(records(marked, ['a', 'b', 'c'], 5));
      await expect.poll(() => got.length, WAIT).toBe(15);
      for (const key of ['a', 'b', 'c']) {
        expect(
          got.filter((record) => record.key.toString() === key).map((record) => dataOf(record).n),
        ).toEqual([0, 1, 2, 3, 4]);
      }
      expect(got[0]?.topic).toBe(TOPICS[0]);
    });

    it('shared: delivers each record to one instance', async () => {
      const marked = mark();
      const options = { mode: 'shared', group: under.group() } as const;
      const got: IncomingRecord[] = [];
      for (const id of ['one', 'two']) {
        const each = await instance(id);
        await each.subscribe(
          TOPICS,
          options,
          async (batch) => void got.push(...only(marked, batch)),
        );
      }
      await instances[0]!.publish(records(marked, ['a', 'b', 'c', 'd'], 3));
      await expect.poll(() => got.length, WAIT).toBe(12);
    });

    it('broadcast: delivers each record to every instance', async () => {
      const marked = mark();
      const options = { mode: 'broadcast', group: under.group() } as const;
      const got: string[] = [];
      for (const id of ['three', 'four']) {
        const each = await instance(id);
        await each.subscribe(TOPICS, options, async (batch) => {
          got.push(...only(marked, batch).map(({ key }) => `${id} ${key}`));
        });
      }
      await instances[0]!.publish(records(marked, ['a']));
      await expect.poll(() => got.toSorted(), WAIT).toEqual(['four a', 'three a']);
    });

    it('redelivers a batch whose handler failed, and loses none behind it', async () => {
      const [one, marked] = [await instance('one'), mark()];
      let failures = 2;
      const got: number[] = [];
      const options = { mode: 'shared', group: under.group() } as const;
      await one.subscribe(TOPICS, options, async (batch) => {
        const own = only(marked, batch);
        if (own.length > 0 && failures-- > 0) throw new Error('not now');
        got.push(...own.map((record) => dataOf(record).n));
      });
      await one.publish(records(marked, ['a'], 4));
      await expect.poll(() => got, WAIT).toEqual([0, 1, 2, 3]);
    });

    it('continues after the last handled record when a member comes back', async () => {
      const marked = mark();
      const options = { mode: 'shared', group: under.group() } as const;
      const got: number[] = [];
      const handler = async (batch: readonly IncomingRecord[]) => {
        got.push(...only(marked, batch).map((record) => dataOf(record).n));
      };
      const one = await instance('one');
      const subscription = await one.subscribe(TOPICS, options, handler);
      await one.publish(records(marked, ['a'], 2));
      await expect.poll(() => got, WAIT).toEqual([0, 1]);
      await subscription.close();
      await one.publish([{ topic: TOPICS[0], envelope: envelope('a', { marked, n: 2 }) }]);
      await (await instance('two')).subscribe(TOPICS, options, handler);
      await expect.poll(() => got, WAIT).toEqual([0, 1, 2]);
    });

    it('carries the span that has published a record of a recorded trace, and no other', async () => {
      const traces = await recordTraces();
      const [one, marked] = [await instance('one'), mark()];
      const got: (string | undefined)[] = [];
      await one.subscribe(TOPICS, { mode: 'shared', group: under.group() }, async (batch) => {
        got.push(...only(marked, batch).map(({ traceparent }) => traceparent));
      });
      const traceparents = ['01', '00'].map(
        (flags) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`,
      );
      const [recorded, unrecorded] = records(marked, ['a'], 2).map(
        ({ topic, envelope: each }, n) => ({
          topic,
          envelope: { ...each, traceparent: traceparents[n]! },
        }),
      );
      await one.publish([recorded!, unrecorded!]);
      await expect.poll(() => got.length, WAIT).toBe(2);
      const [sent] = await traces.named(`send ${TOPICS[0]}`);
      const { traceId, spanId } = sent!.spanContext();
      await traces.stop();
      expect(got).toEqual([`00-${traceId}-${spanId}-01`, undefined]);
      expect(traceId).toBe('a'.repeat(32));
    });

    it('counts the records that a group has not handled yet', async () => {
      const [one, marked] = [await instance('one'), mark()];
      const group = under.group();
      await one.publish(records(marked, ['a'], 3));
      expect(await one.lag(group, TOPICS)).toBeGreaterThanOrEqual(3);
      await one.subscribe(TOPICS, { mode: 'shared', group }, async () => undefined);
      await expect.poll(() => one.lag(group, TOPICS), WAIT).toBe(0);
      expect(await one.state()).toEqual({ state: 'ok' });
    });
  });
}
