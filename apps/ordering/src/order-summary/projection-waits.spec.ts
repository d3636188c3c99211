import { SystemClock } from '@fieldguide/clock';
import { MemoryNotifier } from '@fieldguide/workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { PROJECTION_ADVANCED, ProjectionWaits } from './projection-waits.ts';

const clock = new SystemClock();
let notifier: MemoryNotifier;
let projection: Map<string, number>;
let reads: string[][];
let waits: ProjectionWaits;
beforeEach(() => {
  [notifier, projection, reads] = [new MemoryNotifier(clock), new Map(), []];
  const readVersions = async (ids: readonly string[]) => {
    reads.push([...ids]);
    return new Map(projection);
  };
  waits = new ProjectionWaits(readVersions, notifier, clock);
});
const moveTo = (orderId: string, version: number) => {
  projection.set(orderId, version);
  notifier.notify(PROJECTION_ADVANCED);
};

describe('a read that waits for the projection', () => {
  it('continues when the projection has advanced far enough', async () => {
    const waiting = waits.until({ orderId: 'a', version: 2 }, 10_000);
    await expect.poll(() => reads.length).toBe(1);
    moveTo('a', 1);
    await expect.poll(() => reads.length).toBeGreaterThan(1);
    moveTo('a', 2);
    expect(await waiting).toBe(true);
  });

  it('times out after a few reads', async () => {
    expect(await waits.until({ orderId: 'a', version: 1 }, 600)).toBe(false);
    expect(reads.length).toBeLessThan(8);
  });

  it('shares one query with all others', async () => {
    const first = waits.until({ orderId: 'first', version: 1 }, 10_000);
    const all = Array.from({ length: 50 }, (_, n) =>
      waits.until({ orderId: `order-${n}`, version: 1 }, 10_000),
    );
    for (let n = 0; n < 50; n++) projection.set(`order-${n}`, 1);
    moveTo('first', 1);
    expect(await Promise.all([first, ...all])).toEqual(Array.from({ length: 51 }, () => true));
    expect(reads.length).toBeLessThan(4);
  });

  it('is rejected when too many wait', async () => {
    const all = Array.from({ length: 250 }, (_, n) =>
      waits.until({ orderId: `order-${n}`, version: 1 }, 300),
    );
    expect((await Promise.all(all)).filter(Boolean)).toEqual([]);
    expect(reads.every((ids) => ids.length <= 200)).toBe(true);
  });

  it('fails when the projection cannot be read, and the next one reads again', async () => {
    let isAway = true;
    const readVersions = async () => {
      if (isAway) throw new Error('the database is away');
      return new Map([['a', 1]]);
    };
    const own = new ProjectionWaits(readVersions, notifier, clock);
    await expect(own.until({ orderId: 'a', version: 1 }, 10_000)).rejects.toThrow(/away/);
    isAway = false;
    expect(await own.until({ orderId: 'a', version: 1 }, 10_000)).toBe(true);
  });
});
