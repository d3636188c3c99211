import { expect, it } from 'vitest';
import { FixedWindows } from './fixed-windows.ts';

const windows = () => new FixedWindows(60_000, 2);
const counts = (of: FixedWindows, key: string, ...timesMs: number[]) =>
  timesMs.map((nowMs) => of.count(key, nowMs).count);

it('counts each key by itself, and from one again when its window has ended', () => {
  const own = windows();
  expect(counts(own, 'ada', 0, 1, 59_999)).toEqual([1, 2, 3]);
  expect(counts(own, 'bob', 1)).toEqual([1]);
  expect(own.count('ada', 60_000)).toEqual({ count: 1, remainingMs: 60_000 });
});

it('forgets the oldest window when there are too many keys', () => {
  const own = windows();
  counts(own, 'ada', 0, 1);
  counts(own, 'bob', 2, 3);
  counts(own, 'cyd', 4);
  expect(counts(own, 'bob', 5)).toEqual([3]);
  expect(counts(own, 'ada', 5)).toEqual([1]);
});
