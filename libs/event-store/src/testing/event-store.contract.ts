import type { UnitOfWorkRunner } from '@fieldguide/database';
import type { Lease } from '@fieldguide/workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Decider, DomainCommand, DomainEvent } from '../decider.ts';
import { type EventStore, type ReadOptions, WrongExpectedVersionError } from '../event-store.ts';
import { UnknownEventFormatError, type Upcasters } from '../formats.ts';

const happened = (type: string, id?: string) => ({ type, data: { word: type }, ...(id && { id }) });
const typesOf = (events: readonly { type: string }[]) => events.map(({ type }) => type);

export interface StoreUnderTest {
  readonly store: EventStore;
  readonly units: UnitOfWorkRunner;
  /** Acquires a lease for the store's subscriptions. */
  readonly holdLease: () => Promise<Lease>;
  /** Another store on the same log. */
  readonly ofNextVersion: (upcasters: Upcasters) => EventStore;
}

const counter: Decider<
  { count: number },
  DomainCommand<'Add'> | DomainCommand<'Ignore'>,
  DomainEvent<'Added'>
> = {
  name: 'n',
  initial: { count: 0 },
  decide: { Add: () => [{ type: 'Added', data: {} }], Ignore: () => [] },
  evolve: { Added: ({ count }) => ({ count: count + 1 }) },
};
const add = { type: 'Add', data: {} } as const;

/** Every event store passes this suite. */
export function eventStoreContract(name: string, make: () => Promise<StoreUnderTest>) {
  describe(`an event store ${name}`, () => {
    let { store, units, ofNextVersion, holdLease } = {} as StoreUnderTest;
    beforeEach(async () => {
      ({ store, units, ofNextVersion, holdLease } = await make());
    });

    it('returns the appended events, in order and numbered', async () => {
      await store.append({ stream: 'a-1', expected: 0, events: [happened('A'), happened('B')] });
      expect(await store.append({ stream: 'a-1', expected: 2, events: [happened('C')] })).toBe(3);
      const events = await store.read('a-1');
      expect(typesOf(events)).toEqual(['A', 'B', 'C']);
      expect(events.map(({ version }) => version)).toEqual([1, 2, 3]);
      expect(events[0]).toMatchObject({ data: { word: 'A' }, correlationId: expect.any(String) });
    });

    it.each([
      ['must not exist but does', 0, true],
      ['is not at that version', 5, true],
      ['must exist but does not', 'mustExist', false],
      ['should be at a version and does not exist', 1, false],
    ] as const)('rejects an append when the stream %s', async (_, expected, exists) => {
      if (exists) await store.append({ stream: 'b-1', expected: 0, events: [happened('A')] });
      const append = store.append({ stream: 'b-1', expected, events: [happened('B')] });
      await expect(append).rejects.toThrow(WrongExpectedVersionError);
      expect(await store.read('b-1')).toHaveLength(exists ? 1 : 0);
      expect((await store.readAll('0', 100)).events).toHaveLength(exists ? 1 : 0);
    });

    it('appends at any version, or at any version of an existing stream', async () => {
      await store.append({ stream: 'c-1', expected: 'any', events: [happened('A')] });
      await store.append({ stream: 'c-1', expected: 'any', events: [happened('B')] });
      await store.append({ stream: 'c-1', expected: 'mustExist', events: [happened('C')] });
      expect(typesOf(await store.read('c-1'))).toEqual(['A', 'B', 'C']);
    });

    it('accepts one of many appends at the same version', async () => {
      await store.append({ stream: 'd-1', expected: 0, events: [happened('A')] });
      const tries = Array.from({ length: 10 }, (_, i) =>
        store.append({ stream: 'd-1', expected: 1, events: [happened(`B${i}`)] }),
      );
      const results = await Promise.allSettled(tries);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await store.read('d-1')).toHaveLength(2);
    });

    it('appends the same events once', async () => {
      const events = [happened('A', '00000000-0000-7000-8000-00000000e001')];
      expect(await store.append({ stream: 'e-1', expected: 0, events })).toBe(1);
      expect(await store.append({ stream: 'e-1', expected: 0, events })).toBe(1);
      expect(await store.read('e-1')).toHaveLength(1);
      await store.append({ stream: 'e-1', expected: 1, events: [happened('B')] });
      expect(await store.append({ stream: 'e-1', expected: 0, events })).toBe(1);
      for (const expected of [0, 'any', 'mustExist'] as const) {
        expect(await store.append({ stream: 'e-1', expected, events })).toBe(1);
        await units.run(async (tx) =>
          expect(await store.append({ stream: 'e-1', expected, events }, tx)).toBe(1),
        );
      }
      const elsewhere = units.run((tx) =>
        store.append({ stream: 'e-2', expected: 'any', events }, tx),
      );
      await expect(elsewhere).rejects.toThrow(WrongExpectedVersionError);
      const more = [...events, happened('C', '00000000-0000-7000-8000-00000000e009')];
      const inPart = store.append({ stream: 'e-1', expected: 0, events: more });
      await expect(inPart).rejects.toThrow(WrongExpectedVersionError);
      expect(await store.read('e-1')).toHaveLength(2);
    });

    it('reads forward and backward, from a version, up to a limit', async () => {
      const events = ['A', 'B', 'C', 'D'].map((type) => happened(type));
      await store.append({ stream: 'r-1', expected: 0, events });
      const read = async (options: ReadOptions) =>
        typesOf(await store.read('r-1', options)).join('');
      expect(await read({})).toBe('ABCD');
      expect(await read({ from: 3 })).toBe('CD');
      expect(await read({ from: 2, limit: 2 })).toBe('BC');
      expect(await read({ backward: true })).toBe('DCBA');
      expect(await read({ backward: true, from: 3, limit: 2 })).toBe('CB');
      expect(await store.read('missing')).toEqual([]);
    });

    it('converts older formats to the current one, and rejects newer formats', async () => {
      await store.append({ stream: 'v-1', expected: 0, events: [happened('A'), happened('B')] });
      const second = ofNextVersion({ A: [({ word }: { word: string }) => ({ words: [word] })] });
      await second.append({
        stream: 'v-1',
        expected: 2,
        events: [{ type: 'A', data: { words: ['new'] } }],
      });
      const third = ofNextVersion({
        A: [
          ({ word }: { word: string }) => ({ words: [word] }),
          ({ words }: { words: string[] }) => ({ text: words.join(' ') }),
        ],
      });
      const today = [
        { type: 'A', data: { text: 'A' } },
        { type: 'B', data: { word: 'B' } },
        { type: 'A', data: { text: 'new' } },
      ];
      expect(await third.read('v-1')).toMatchObject(today);
      expect((await third.readAll('0', 10)).events).toMatchObject(today);
      await units.run(async (tx) => expect(await third.read('v-1', { tx })).toMatchObject(today));
      await expect(store.read('v-1')).rejects.toThrow(UnknownEventFormatError);
      await expect(store.readAll('0', 10)).rejects.toThrow(/A@2/);
      await store.append({ stream: 'v-2', expected: 0, events: [happened('A@x')] });
      await expect(third.read('v-2')).rejects.toThrow(UnknownEventFormatError);
    });

    it('decides on what was loaded, appends at that version, and returns what is stored', async () => {
      const loaded = await store.load(counter, 'x');
      expect(loaded).toMatchObject({ id: 'x', version: 0, events: [], state: { count: 0 } });
      const one = await store.execute(counter, loaded, add, { actor: 'ada' });
      const two = await units.run((tx) => store.execute(counter, one, add, { tx }));
      expect(two).toMatchObject({ version: 2, state: { count: 2 } });
      expect(two.events).toEqual(await store.read('n-x'));
      expect(two.appended).toEqual(two.events.slice(1));
      const nothing = await store.execute(counter, two, { type: 'Ignore', data: {} });
      expect(nothing).toEqual({ ...two, appended: [] });
      expect(nothing).toMatchObject(await store.load(counter, 'x'));
    });

    it('executes no command on a stream that has changed since it was loaded', async () => {
      const loaded = await store.load(counter, 'y');
      await store.handle(counter, 'y', add);
      const tries = [
        () => store.execute(counter, loaded, add),
        () => units.run((tx) => store.execute(counter, loaded, add, { tx }), { retries: 0 }),
      ];
      for (const each of tries) await expect(each()).rejects.toThrow(WrongExpectedVersionError);
      expect(await store.read('n-y')).toHaveLength(1);
    });

    it('loads what its unit of work has appended', () =>
      units.run(async (tx) => {
        await store.handle(counter, 'z', add, { tx });
        expect(await store.load(counter, 'z', tx)).toMatchObject({ version: 1 });
        expect(await store.load(counter, 'z')).toMatchObject({ version: 0 });
      }));

    it('loads the last event also when a snapshot covers it: a command continues its causation', async () => {
      const kept = { ...counter, snapshots: { every: 1, format: 1 } };
      await store.handle(kept, 'k', add);
      const loaded = await store.load(kept, 'k');
      expect(loaded).toMatchObject({ version: 1, snapshotVersion: 1, state: { count: 1 } });
      expect(loaded.events).toEqual(await store.read('n-k'));
      const [last] = loaded.events;
      const causation = { id: last!.id, correlationid: last!.correlationId };
      const { appended } = await units.run((tx) => {
        tx.continueFrom(causation);
        return store.execute(kept, loaded, add, { tx });
      });
      const caused = { causationId: last!.id, correlationId: last!.correlationId };
      expect(appended).toMatchObject([caused]);
    });

    it('stores snapshots of a decider that enables them, and reads from the latest one', async () => {
      const read: number[] = [];
      const counter: Decider<{ count: number }, DomainCommand<'Add'>, DomainEvent<'Added'>> = {
        name: 'n',
        initial: { count: 0 },
        decide: { Add: () => [{ type: 'Added', data: {} }] },
        evolve: {
          Added: ({ count }) => {
            read.push(count);
            return { count: count + 1 };
          },
        },
        snapshots: { every: 3, format: 1 },
      };
      const add = (decider = counter) =>
        units.run((tx) => store.handle(decider, '1', { type: 'Add', data: {} }, { tx }));
      for (let n = 0; n < 4; n++) await add();
      expect((await store.loadFromSnapshot('n-1', 1)).snapshot).toMatchObject({ version: 3 });
      read.length = 0;
      expect(await add()).toMatchObject({ state: { count: 5 }, version: 5 });
      expect(read).toEqual([3, 4]); // the snapshot covers the first three
      expect(await store.handle(counter, '1', { type: 'Add', data: {} })).toMatchObject({
        state: { count: 6 },
      });
      expect((await store.loadFromSnapshot('n-1', 1)).snapshot).toMatchObject({
        version: 6,
        state: { count: 6 },
      });
      const changed = { ...counter, snapshots: { every: 3, format: 2 } };
      read.length = 0;
      expect(await add(changed)).toMatchObject({ state: { count: 7 }, version: 7 });
      expect(read).toHaveLength(7); // a snapshot of another format is not read
      const older = { stream: 'n-1', version: 2, format: 2, state: { count: 2 } };
      await store.saveSnapshot(older);
      expect((await store.loadFromSnapshot('n-1', 2)).snapshot).toMatchObject({ version: 7 });
      const failing = units.run(async (tx) => {
        await store.saveSnapshot({ ...older, version: 99 }, tx);
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      expect((await store.loadFromSnapshot('n-1', 2)).snapshot).toMatchObject({ version: 7 });
    });

    it('gives each of many concurrent appends its own result', async () => {
      await store.append({ stream: 'm-1', expected: 0, events: [happened('A')] });
      const id = '00000000-0000-7000-8000-00000000e002';
      await store.append({ stream: 'm-2', expected: 0, events: [happened('A', id)] });
      const results = await Promise.allSettled([
        store.append({ stream: 'm-1', expected: 1, events: [happened('B')] }),
        store.append({ stream: 'm-3', expected: 0, events: [happened('A'), happened('B')] }),
        store.append({ stream: 'm-1', expected: 7, events: [happened('X')] }),
        store.append({ stream: 'm-2', expected: 0, events: [happened('A', id)] }),
        store.append({ stream: 'm-4', expected: 'mustExist', events: [happened('X')] }),
        store.append({ stream: 'm-4', expected: 'any', events: [happened('A')] }),
        store.append({ stream: 'm-4', expected: 'mustExist', events: [happened('B')] }),
        store.append({ stream: 'm-5', expected: 0, events: [happened('X', id)] }),
      ]);
      const outcomes = results.map((each) =>
        each.status === 'fulfilled' ? each.value : (each.reason as Error).name,
      );
      const moved = 'WrongExpectedVersionError';
      expect(outcomes).toEqual([2, 2, moved, 1, moved, 1, 2, moved]);
      const seen = (await store.readAll('0', 100)).events;
      expect(seen.map(({ stream, type }) => `${stream} ${type}`).toSorted()).toEqual([
        'm-1 A',
        'm-1 B',
        'm-2 A',
        'm-3 A',
        'm-3 B',
        'm-4 A',
        'm-4 B',
      ]);
    });

    it('shows events to their unit of work before the commit, and to others after it', async () => {
      await units.run(async (tx) => {
        await store.append({ stream: 'f-1', expected: 0, events: [happened('A')] }, tx);
        expect(await store.read('f-1', { tx })).toHaveLength(1);
        expect(await store.read('f-1')).toHaveLength(0);
        await store.append({ stream: 'f-1', expected: 1, events: [happened('B')] }, tx);
      });
      expect(typesOf(await store.read('f-1'))).toEqual(['A', 'B']);
      expect(typesOf((await store.readAll('0', 100)).events)).toEqual(['A', 'B']);
    });

    it('stores nothing of a unit of work that failed', async () => {
      const failing = units.run(async (tx) => {
        await store.append({ stream: 'g-1', expected: 0, events: [happened('A')] }, tx);
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      expect(await store.read('g-1')).toEqual([]);
      expect(await store.lastPosition()).toBe('0');
    });

    it('feeds all streams without gaps, each in its own order, from any position', async () => {
      const appends = Array.from({ length: 20 }, async (_, i) => {
        const stream = `h-${i % 5}`;
        if (i % 2)
          return units.run((tx) =>
            store.append({ stream, expected: 'any', events: [happened('X')] }, tx),
          );
        return store.append({ stream, expected: 'any', events: [happened('Y'), happened('Z')] });
      });
      await Promise.all(appends);
      const seen = [];
      for (let position = '0'; ; ) {
        const page = await store.readAll(position, 7);
        if (page.events.length === 0) break;
        seen.push(...page.events);
        position = page.position;
      }
      expect(seen).toHaveLength(30);
      for (let i = 0; i < 5; i++) {
        const versions = seen
          .filter(({ stream }) => stream === `h-${i}`)
          .map(({ version }) => version);
        expect(versions).toEqual(versions.map((_, n) => n + 1));
      }
      expect(await store.lastPosition()).toBe('30');
    });

    it('reads the first events of many streams', async () => {
      await store.append({ stream: 'r-1', expected: 0, events: [happened('A'), happened('B')] });
      await store.append({ stream: 'r-2', expected: 0, events: [happened('X')] });
      await store.append({ stream: 'r-3', expected: 0, events: [happened('Y')] });
      const firsts = await store.readFirst(['r-1', 'r-2', 'r-none']);
      const [first] = await store.read('r-1');
      const [second] = await store.read('r-2');
      expect([...firsts].toSorted()).toEqual([
        ['r-1', first],
        ['r-2', second],
      ]);
    });

    it('reads what follows a checkpoint, each event with the first one of its stream', async () => {
      const lease = await holdLease();
      const seen = async (limit = 10) => {
        const { events, position } = await store.readSubscription('s', limit);
        const short = events.map(({ event, first }) => `${event.type} of ${first.type}`);
        return { short, position, events };
      };
      expect(await seen()).toEqual({ short: [], events: [] });
      await store.append({ stream: 's-1', expected: 0, events: [happened('A'), happened('B')] });
      await store.append({ stream: 's-2', expected: 0, events: [happened('X')] });
      await store.append({ stream: 's-1', expected: 2, events: [happened('C')] });
      expect(await seen(2)).toMatchObject({ short: ['A of A', 'B of A'], position: '2' });
      const next = await store.advanceSubscription('s', '2', lease, 1);
      expect(next).toMatchObject({ events: [{ event: { type: 'X' } }], position: '3' });
      const { short, position, events } = await seen();
      expect([short, position]).toEqual([['X of X', 'C of A'], '4']);
      const [first, , third] = await store.read('s-1');
      expect(events[1]).toEqual({ event: third, first });
      expect(await store.advanceSubscription('s', position!, lease, 10)).toEqual({ events: [] });
      expect(await seen()).toEqual({ short: [], events: [] });
      expect((await store.readSubscription('another', 10)).events).toHaveLength(4);
    });
  });
}
