import { SystemClock } from '@fieldguide/clock';
import { makeLog } from '@fieldguide/telemetry';
import { expect, it } from 'vitest';
import { MemoryNotifier, startWorker } from './index.ts';

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
