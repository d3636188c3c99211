import { SystemClock } from '@fieldguide/clock';
import { MemoryNotifier } from '@fieldguide/database';
import { beforeEach, describe, expect, it } from 'vitest';
import { VIEW_MOVED, ViewWaits } from './projection-waits.ts';

const clock = new SystemClock();
let notifier: MemoryNotifier;
let view: Map<string, number>;
let looks: string[][];
let waits: ViewWaits;
beforeEach(() => {
  [notifier, view, looks] = [new MemoryNotifier(clock), new Map(), []];
  const look = async (ids: readonly string[]) => {
    looks.push([...ids]);
    return new Map(view);
  };
  waits = new ViewWaits(look, notifier, clock);
});
const moveTo = (orderId: string, version: number) => {
  view.set(orderId, version);
  notifier.notify(VIEW_MOVED);
};

describe('a read that waits for the view', () => {
  it('goes on when the view says that it has moved far enough', async () => {
    const waiting = waits.until({ orderId: 'a', version: 2 }, 10_000);
    await expect.poll(() => looks.length).toBe(1);
    moveTo('a', 1);
    await expect.poll(() => looks.length).toBeGreaterThan(1);
    moveTo('a', 2);
    expect(await waiting).toBe(true);
  });

  it('ends when its time is over, after a few looks', async () => {
    expect(await waits.until({ orderId: 'a', version: 1 }, 600)).toBe(false);
    expect(looks.length).toBeLessThan(8);
  });

  it('is looked for together with all others', async () => {
    const first = waits.until({ orderId: 'first', version: 1 }, 10_000);
    const all = Array.from({ length: 50 }, (_, n) =>
      waits.until({ orderId: `order-${n}`, version: 1 }, 10_000),
    );
    for (let n = 0; n < 50; n++) view.set(`order-${n}`, 1);
    moveTo('first', 1);
    expect(await Promise.all([first, ...all])).toEqual(Array.from({ length: 51 }, () => true));
    expect(looks.length).toBeLessThan(4);
  });

  it('is refused when too many wait', async () => {
    const all = Array.from({ length: 250 }, (_, n) =>
      waits.until({ orderId: `order-${n}`, version: 1 }, 300),
    );
    expect((await Promise.all(all)).filter(Boolean)).toEqual([]);
    expect(looks.every((ids) => ids.length <= 200)).toBe(true);
  });

  it('is told when the view cannot be asked, and the next one asks again', async () => {
    let isAway = true;
    const look = async () => {
      if (isAway) throw new Error('the database is away');
      return new Map([['a', 1]]);
    };
    const own = new ViewWaits(look, notifier, clock);
    await expect(own.until({ orderId: 'a', version: 1 }, 10_000)).rejects.toThrow(/away/);
    isAway = false;
    expect(await own.until({ orderId: 'a', version: 1 }, 10_000)).toBe(true);
  });
});
