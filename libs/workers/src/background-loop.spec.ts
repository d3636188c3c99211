import { setImmediate } from 'node:timers/promises';
import { SystemClock } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import { makeLog } from '@fieldguide/telemetry';
import { describe, expect, it, vi } from 'vitest';
import {
  type LeaseAttempt,
  Leases,
  MemoryNotifier,
  pause,
  startLeasedWorker,
  startWorker,
} from './index.ts';

const clock = new SystemClock();
const notifier = new MemoryNotifier(clock);
const log = makeLog('test', 'test', 'silent');

it('repeats the step when a hint comes during it', async () => {
  let rounds = 0;
  const settings = { name: 'busy', channel: 'busy', idleMs: 60_000, notifier, clock, log };
  const loop = startWorker(settings, async () => {
    rounds += 1;
    if (rounds < 3) notifier.notify('busy');
    return false;
  });
  await expect.poll(() => rounds).toBe(3);
  await loop.stop();
});

it.each([
  ['that the step returns', 30, 60_000],
  ['of idleMs when the step returns a later time', 60_000, 30],
])('repeats the step of a loop after the time %s', async (_, dueInMs, idleMs) => {
  let rounds = 0;
  const loop = startWorker(
    { name: 'due', channel: 'due', idleMs, notifier, clock, log },
    async () => {
      rounds += 1;
      return dueInMs;
    },
  );
  await expect.poll(() => rounds).toBeGreaterThan(2);
  await loop.stop();
});

it.each([
  [0, 25],
  [10, 30],
  [20, 60],
  [50, 50],
  [100, 0],
  [300, 0],
])('rests after a round of %d ms for %d ms', async (tookMs, restMs) => {
  const manual = new ManualClock();
  const sleep = vi.spyOn(manual, 'sleep').mockResolvedValue();
  const begun = manual.now();
  manual.advance(tookMs);
  await pause(begun, manual, new AbortController().signal);
  expect(sleep.mock.calls.map(([ms]) => ms)).toEqual(restMs > 0 ? [restMs] : []);
});

it('acquires a lease that is released while its own attempt is being answered', async () => {
  let attempts = 0;
  class ReleasedMeanwhile extends Leases {
    override async acquire(name: string): Promise<LeaseAttempt> {
      attempts += 1;
      if (attempts > 1) return { lease: { name, epoch: '2' }, retryInMs: 60_000 };
      notifier.notify(`lease:${name}`); // the holder's hint, before the answer arrives here
      return { retryInMs: 60_000 };
    }
    override isCurrent = async () => true;
    override holders = async () => new Map<string, string>();
    override release = async () => undefined;
  }
  let rounds = 0;
  const settings = { name: 'leased', channel: 'leased', notifier, clock, log };
  const loop = startLeasedWorker(settings, new ReleasedMeanwhile(), async () => {
    rounds += 1;
    return false;
  });
  await expect.poll(() => rounds).toBeGreaterThan(0);
  await loop.stop();
});

describe('a loop that gets many hints', () => {
  /** A loop that records when its steps begin, in milliseconds; `lefts` is what they return, false when it is empty. */
  function paced(...lefts: boolean[]) {
    const time = new ManualClock();
    const hints = new MemoryNotifier(time);
    const from = time.now().getTime();
    const begun: number[] = [];
    const settings = { name: 'paced', channel: 'paced', idleMs: 60_000, notifier: hints };
    const loop = startWorker({ ...settings, clock: time, log }, async () => {
      begun.push(time.now().getTime() - from);
      return lefts.shift() ?? false;
    });
    const hint = async () => {
      hints.notify('paced');
      await setImmediate();
    };
    const advance = async (ms: number) => {
      time.advance(ms);
      await setImmediate();
    };
    return { loop, begun, hint, advance };
  }

  it('runs the step immediately for the first one after a quiet time, and once for those that follow', async () => {
    const { loop, begun, hint, advance } = paced();
    await advance(1_000);
    await hint();
    expect(begun).toEqual([0, 1_000]);
    for (let ms = 0; ms < 20; ms += 4) {
      await advance(4);
      await hint();
    }
    expect(begun).toEqual([0, 1_000]);
    await advance(5);
    expect(begun).toEqual([0, 1_000, 1_025]);
    await loop.stop();
  });

  it('repeats a step that left work behind without a pause', async () => {
    const { loop, begun } = paced(true, true);
    await setImmediate();
    expect(begun).toEqual([0, 0, 0]);
    await loop.stop();
  });

  it('stops during the pause without another step', async () => {
    const { loop, begun, hint, advance } = paced();
    await advance(1);
    await hint();
    await loop.stop();
    expect(begun).toEqual([0]);
  });
});
