import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CHUNK_RECORDS, type Part, PartitionTurns, type Turn } from './partition-turns.ts';

/** Partitions of a transport whose calls wait until the test lets them end. */
function transport() {
  const calls: { parts: string[]; end: (error?: Error) => void }[] = [];
  const ended: string[] = [];
  const committed: string[][] = [];
  const textOf = ({ turn, from, to }: Part<Turn>) => `${turn.id} ${from}-${to}`;
  const turns = new PartitionTurns<Turn>({
    handle: (parts) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve());
        calls.push({ parts: parts.map(textOf), end });
      }),
    commit: async (parts) => void committed.push(parts.map(textOf)),
  });
  const add = (id: string, records: number, isOver = () => false) =>
    turns.add({
      id,
      records,
      handled: 0,
      isOver,
      end: () => void ended.push(id),
      fail: () => void ended.push(`${id} failed`),
      abort: () => void ended.push(`${id} aborted`),
    });
  const end = async (error?: Error) => {
    calls.shift()!.end(error);
    await setImmediate();
  };
  return { calls, ended, committed, add, end, waiting: () => calls.map(({ parts }) => parts) };
}

describe('the turns of partitions', () => {
  it('that came together are one call, with one commit', async () => {
    const { add, end, ended, committed, waiting } = transport();
    for (const [id, records] of Object.entries({ a: 2, b: 1, c: 3 })) add(id, records);
    await setImmediate();
    expect(waiting()).toEqual([['a 0-2', 'b 0-1', 'c 0-3']]);
    await end();
    expect(committed).toEqual([['a 0-2', 'b 0-1', 'c 0-3']]);
    expect(ended).toEqual(['a', 'b', 'c']);
  });

  it('are two calls at most, and a backlog lines up again behind those that wait', async () => {
    const { add, end, waiting } = transport();
    add('backlog', 2 * CHUNK_RECORDS + 1);
    for (const id of ['b', 'c']) add(id, CHUNK_RECORDS);
    add('d', 1);
    await setImmediate();
    expect(waiting()).toEqual([['backlog 0-64'], ['b 0-64']]);
    await end();
    expect(waiting()).toEqual([['b 0-64'], ['c 0-64']]);
    await end();
    expect(waiting()).toEqual([['c 0-64'], ['d 0-1', 'backlog 64-127']]);
    await end();
    await end();
    expect(waiting()).toEqual([['backlog 127-129']]);
  });

  it('are called one by one after a failure, and together again after a success', async () => {
    const { add, end, ended, waiting } = transport();
    for (const id of ['bad', 'good']) add(id, 1);
    await setImmediate();
    await end(new Error('not now'));
    expect(waiting()).toEqual([['bad 0-1'], ['good 0-1']]);
    await end(new Error('not now'));
    await end();
    expect(ended).toEqual(['bad failed', 'good']);

    for (const id of ['good', 'bad', 'other']) add(id, 1);
    await setImmediate();
    expect(waiting()).toEqual([['good 0-1', 'other 0-1'], ['bad 0-1']]);
    await end();
    await end();
    for (const id of ['good', 'bad', 'other']) add(id, 1);
    await setImmediate();
    expect(waiting()).toEqual([['good 0-1', 'bad 0-1', 'other 0-1']]);
  });

  it('leave the rest to the next fetch when they are over', async () => {
    const { add, end, ended, waiting } = transport();
    let isOver = false;
    add('a', CHUNK_RECORDS + 1, () => isOver);
    await setImmediate();
    isOver = true;
    await end();
    expect(waiting()).toEqual([]);
    expect(ended).toEqual(['a']);
  });

  it('that the transport did not commit are aborted', async () => {
    const ended: unknown[] = [];
    const lost = new Error('the generation is over');
    const turns = new PartitionTurns<Turn>({
      handle: async () => undefined,
      commit: () => Promise.reject(lost),
    });
    const turn = { id: 'a', records: 1, handled: 0, isOver: () => false };
    const never = () => expect.unreachable();
    turns.add({ ...turn, end: never, fail: never, abort: (error) => void ended.push(error) });
    await setImmediate();
    expect(ended).toEqual([lost]);
  });
});
