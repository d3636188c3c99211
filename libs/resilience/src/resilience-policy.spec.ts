import { SystemClock } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import { Health, metrics } from '@fieldguide/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AbandonedError,
  type Call,
  InstanceFailedError,
  isOutage,
  Policies,
  parsePolicies,
  ResiliencePolicy,
  UncountedError,
  UnsentError,
  withDeadline,
} from './index.ts';
import { defaultSettings, type PolicySettings } from './policy-settings.ts';

// More than the minimum number of calls of a breaker.
const TIMES = 10;
const RESET_MS = defaultSettings.resetAfterMs;

const made: ResiliencePolicy[] = [];
const policy = (more: Partial<PolicySettings> = {}, clock = new SystemClock()) => {
  const settings = { ...defaultSettings, ...more };
  const one = new ResiliencePolicy(
    'catalog',
    () => settings,
    clock,
    () => 0,
  );
  made.push(one);
  return one;
};
/** A call that counts how often it was sent. */
const counted = (
  send: (nth: number) => Promise<unknown>,
  more: Partial<Call<unknown>> = { mayRepeat: () => true },
) => {
  const call: Call<unknown> & { sent: number } = {
    sent: 0,
    send: () => send(++call.sent),
    ...more,
  };
  return call;
};
const rejecting = (error: Error) => () => Promise.reject(error);
const failing = rejecting(new Error('no'));
const fine = { send: async () => 'fine' };
async function fail(one: ResiliencePolicy, call: Call<unknown> = { send: failing }) {
  for (let i = 0; i < TIMES; i++) await one.run(call).catch(() => undefined);
}
const shownState = async () => {
  const { values } = await metrics.breakerState.get();
  return values.find(({ labels }) => labels.breaker === 'catalog')!.value;
};
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const one of made.splice(0)) one.close();
  vi.useRealTimers();
});

describe('a breaker', () => {
  it('opens after seven failed calls; then nothing is sent', async () => {
    const [one, call] = [policy(), counted(failing, {})];
    await fail(one, call);
    expect(call.sent).toBe(7);
    expect([one.state, await shownState()]).toEqual(['open', 2]);
    await expect(one.run(fine)).rejects.toMatchObject({ shortCircuited: true });
  });

  it('lets one trial call through after a while, and closes when it succeeds', async () => {
    const one = policy();
    await fail(one);
    await vi.advanceTimersByTimeAsync(RESET_MS);
    expect([one.state, await shownState()]).toEqual(['halfOpen', 1]);
    const trial = Promise.withResolvers<string>();
    const running = one.run({ send: () => trial.promise });
    await expect(one.run(fine)).rejects.toMatchObject({ shortCircuited: true });
    trial.resolve('back');
    expect(await running).toBe('back');
    expect([one.state, await shownState()]).toEqual(['closed', 0]);
  });

  it.each([
    ['fails', new Error('no')],
    ['is abandoned by its caller', new AbandonedError('the caller left')],
  ])('opens again when the trial call %s, without a retry', async (_, error) => {
    const one = policy();
    await fail(one);
    await vi.advanceTimersByTimeAsync(RESET_MS);
    const call = counted(rejecting(error));
    await expect(one.run(call)).rejects.toThrow(error.message);
    expect([call.sent, one.state]).toEqual([1, 'open']);
  });

  it.each([
    ['concerns only the request', new UncountedError('409')],
    ['is the caller’s', new AbandonedError('the caller left')],
    ['concerns one ejected instance', new InstanceFailedError(new Error('no'))],
  ])('does not count a failure that %s', async (_, error) => {
    const one = policy();
    await fail(one, { send: rejecting(error) });
    expect(one.state).toBe('closed');
  });

  it('counts 502, 503 and 504 as an outage, and no other status', () => {
    const statuses = Array.from({ length: 400 }, (_, i) => 200 + i);
    expect(statuses.filter(isOutage)).toEqual([502, 503, 504]);
  });

  it('calls the fallback when the call fails, and when the breaker is open', async () => {
    const one = policy();
    const fallback = ({ shortCircuited }: { shortCircuited: boolean }) => shortCircuited;
    expect(await one.run({ send: failing, fallback })).toBe(false);
    await fail(one);
    expect(await one.run({ send: failing, fallback })).toBe(true);
  });

  it('rejects calls beyond its capacity without counting them', async () => {
    const one = policy({ capacity: 1 });
    const first = Promise.withResolvers<string>();
    const running = one.run({ send: () => first.promise });
    await fail(one, fine);
    await expect(one.run(fine)).rejects.toThrow(/too many calls/);
    first.resolve('served');
    expect(await running).toBe('served');
    expect(await one.run(fine)).toBe('fine');
  });
});

describe('a retry', () => {
  // Of the system's clock the time limits are real here.
  beforeEach(() => void vi.useRealTimers());

  it('is sent only as often as allowed', async () => {
    const call = counted(failing);
    await expect(policy({ retries: 2 }).run(call)).rejects.toThrow('no');
    expect(call.sent).toBe(3);
  });

  it('is not sent for a call that may not be repeated, unless nothing was sent', async () => {
    const call = counted(failing, {});
    await expect(policy().run(call)).rejects.toThrow('no');
    expect(call.sent).toBe(1);
    const refused = (nth: number) => (nth < 3 ? rejecting(new UnsentError('no'))() : fine.send());
    expect(await policy().run(counted(refused, {}))).toBe('fine');
  });

  it('is not sent when the dependency has responded', async () => {
    const call = counted(rejecting(new UncountedError('409')));
    await expect(policy().run(call)).rejects.toThrow('409');
    expect(call.sent).toBe(1);
  });

  it('is sent for a failed instance, and counts as one call', async () => {
    const one = policy();
    const bad = new InstanceFailedError(new Error('no'));
    expect(await one.run(counted((nth) => (nth < 2 ? rejecting(bad)() : fine.send())))).toBe(
      'fine',
    );
  });

  it('is not sent when the budget is spent', async () => {
    const one = policy({ retries: 1, errorThresholdPercentage: 100 });
    const calls = 40;
    const call = counted((nth) => (nth % 4 === 0 ? Promise.resolve() : failing()));
    for (let i = 0; i < calls; i++) await one.run(call).catch(() => undefined);
    expect(call.sent - calls).toBeLessThan(10 + calls * 0.1 + 1);
  });

  it('waits a random time that doubles, unless nothing was sent', async () => {
    const clock = new ManualClock();
    const sleep = vi.spyOn(clock, 'sleep').mockResolvedValue();
    const one = new ResiliencePolicy(
      'catalog',
      () => defaultSettings,
      clock,
      () => 0.5,
    );
    made.push(one);
    await one.run(counted(failing)).catch(() => undefined);
    expect(sleep.mock.calls.flat()).toEqual([50, 100]);
    await one.run(counted(rejecting(new UnsentError('no')))).catch(() => undefined);
    expect(sleep).toHaveBeenCalledTimes(2);
  });
});

describe('a time limit', () => {
  it('aborts the call itself', async () => {
    vi.useRealTimers();
    const hanging: Call<unknown> = {
      send: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    };
    await expect(policy({ timeoutMs: 10 }).run(hanging)).rejects.toThrow(/catalog.*timeout/);
  });

  it('ends with the deadline of the caller', async () => {
    const clock = new ManualClock();
    const now = clock.now().getTime();
    const limitOf = (deadlineMs: number | undefined) =>
      withDeadline(deadlineMs, () =>
        policy({ timeoutMs: 2_000 }, clock).run({
          send: async ({ ms, endsAt }) => [ms, endsAt - now],
        }),
      );
    expect(await limitOf(undefined)).toEqual([2_000, 2_000]);
    expect(await limitOf(now + 500)).toEqual([500, 500]);
    expect(await limitOf(now + 5_000)).toEqual([2_000, 2_000]);
  });

  it('is not started after the deadline', async () => {
    const [clock, call] = [new ManualClock(), counted(fine.send)];
    const late = withDeadline(clock.now().getTime(), () => policy({}, clock).run(call));
    await expect(late).rejects.toThrow(/deadline/);
    expect(call.sent).toBe(0);
  });
});

describe('the policies of a process', () => {
  it('are one for each dependency; an open breaker is degraded', async () => {
    const health = new Health();
    const policies = new Policies(new SystemClock(), health);
    const one = policies.of('catalog');
    expect(policies.of('catalog')).toBe(one);
    expect((await health.report()).status).toBe('ok');
    await fail(one);
    expect(await health.report()).toMatchObject({
      status: 'degraded',
      dependencies: { 'calls to catalog': { detail: 'the circuit breaker is open' } },
    });
    policies.close();
  });

  it('change with the settings, those of others do not', async () => {
    let text = '';
    const policies = new Policies(new SystemClock(), undefined, () => text);
    const [catalog, orders] = [policies.of('catalog', { timeoutMs: 100 }), policies.of('orders')];
    await fail(catalog);
    await fail(orders);
    text = 'catalog:timeoutMs=1500,catalog:retries=0';
    expect(await catalog.run({ send: async ({ ms }) => ms })).toBe(1_500);
    await expect(orders.run(fine)).rejects.toThrow(/open/);
    const call = counted(failing);
    await catalog.run(call).catch(() => undefined);
    expect(call.sent).toBe(1);
    policies.close();
  });

  it.each(['catalog', 'catalog:timeout=5', 'catalog:timeoutMs=0', 'catalog:timeoutMs=-1'])(
    'reject the setting %s',
    (text) => expect(() => parsePolicies(text)).toThrow(text),
  );
});
