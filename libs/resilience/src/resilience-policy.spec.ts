import { SystemClock } from '@fieldguide/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { isOutage, ResiliencePolicy, type ResilienceSettings, UncountedError } from './index.ts';

const made: ResiliencePolicy[] = [];
const policy = (more: Partial<ResilienceSettings> = {}) => {
  const one = new ResiliencePolicy({
    name: 'catalog',
    timeoutMs: 50,
    clock: new SystemClock(),
    random: () => 0,
    ...more,
  });
  made.push(one);
  return one;
};
const failing = () => Promise.reject(new Error('no'));
/** A call that counts how often it was sent. */
const counted = (call: (nth: number) => Promise<unknown>) => {
  const counter = { sent: 0, call: () => call(++counter.sent) };
  return counter;
};
afterEach(() => {
  for (const one of made.splice(0)) one.close();
});

describe('a guarded call', () => {
  it('is ended by its time limit, the call itself too', async () => {
    let ended = false;
    const hanging = (signal: AbortSignal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          ended = true;
          reject(signal.reason);
        });
      });
    await expect(policy({ timeoutMs: 10 }).run(hanging)).rejects.toThrow(/catalog/);
    expect(ended).toBe(true);
  });

  it('is not sent while the breaker is open', async () => {
    const one = policy();
    const counter = counted(failing);
    for (let i = 0; i < 8; i++) await one.run(counter.call).catch(() => undefined);
    expect(counter.sent).toBeLessThan(8);
    expect(one.state).toBe('open');
    await expect(one.run(async () => 'fine')).rejects.toMatchObject({ shortCircuited: true });
  });

  it('is tried again only as often as allowed', async () => {
    const counter = counted(failing);
    await expect(policy({ retries: 2 }).run(counter.call)).rejects.toThrow();
    expect(counter.sent).toBe(3);
  });

  it('neither counts nor is retried when it fails through no fault of the dependency', async () => {
    const one = policy({ retries: 2 });
    const counter = counted(() => Promise.reject(new UncountedError('409')));
    for (let i = 0; i < 8; i++) await expect(one.run(counter.call)).rejects.toThrow(/409/);
    expect(counter.sent).toBe(8);
    expect(one.state).toBe('closed');
  });

  it('counts 502, 503 and 504 as an outage, and no other status', () => {
    const statuses = Array.from({ length: 400 }, (_, i) => 200 + i);
    expect(statuses.filter(isOutage)).toEqual([502, 503, 504]);
  });

  it('stops retrying when the budget is spent', async () => {
    const one = policy({ retries: 1, errorThresholdPercentage: 100 });
    const calls = 40;
    // Every fourth succeeds, so that the breaker stays closed and only the budget can stop the retries.
    const counter = counted((nth) => (nth % 4 === 0 ? Promise.resolve() : failing()));
    for (let i = 0; i < calls; i++) await one.run(counter.call).catch(() => undefined);
    expect(counter.sent - calls).toBeLessThan(10 + calls * 0.1 + 1);
  });
});
