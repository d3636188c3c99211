import { describe, expect, it } from 'vitest';
import { derivedId, SystemClock, SystemIds } from './index.ts';
import { CountingIds, ManualClock } from './testing/index.ts';

describe('a derived id', () => {
  it('is the same for the same parts', () =>
    expect(derivedId('ada', 'POST /orders', 'key-1')).toBe(
      derivedId('ada', 'POST /orders', 'key-1'),
    ));
  it('depends on where one part ends and the next begins', () =>
    expect(derivedId('ab', 'c')).not.toBe(derivedId('a', 'bc')));
  it('is a UUID of version 8', () =>
    expect(derivedId('x')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ));
});

describe('SystemIds', () => {
  it('returns UUIDs of version 7 that sort by age', () => {
    const ids = new SystemIds();
    const made = Array.from({ length: 50 }, () => ids.next());
    expect(made.toSorted()).toEqual(made);
    expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });
});

describe('a clock', () => {
  it('for tests advances only by advance()', async () => {
    const clock = new ManualClock();
    let woken = false;
    const sleep = clock.sleep(1_000).then(() => {
      woken = true;
    });
    clock.advance(999);
    await Promise.resolve();
    expect(woken).toBe(false);
    clock.advance(1);
    await sleep;
    expect(woken).toBe(true);
  });
  it('of the system rejects a sleep that is aborted', async () => {
    const abort = new AbortController();
    const sleep = new SystemClock().sleep(60_000, abort.signal);
    abort.abort();
    await expect(sleep).rejects.toThrow(/abort/i);
  });
  it('comes with predictable ids for tests', () =>
    expect(new CountingIds().next()).toBe('00000000-0000-7000-8000-000000000001'));
});
