import { describe, expect, it } from 'vitest';
import { type Allowance, allowanceAfter, retryAfterSeconds } from './allowance.ts';

const bounds = { waitSecondsMax: 10, waitingMin: 100 };
const DEADLINE_SECONDS = 20;
const idle = { seconds: 1, waiting: 0, placed: 0, placedHere: 0, answered: 0 };
const next = (before: Partial<Allowance> | undefined, sample: Partial<typeof idle>) =>
  allowanceAfter(before as Allowance, { ...idle, ...sample }, bounds);

describe('the room for new orders', () => {
  it('is the number that may always wait, when nothing is known', () =>
    expect(next(undefined, {})).toEqual({ answeredPerSecond: 0, waitSeconds: 0, room: 100 }));
  it('grows with the rate at which orders are answered', () =>
    expect(
      next({ answeredPerSecond: 30 }, { waiting: 200, answered: 30, placed: 98, placedHere: 98 }),
    ).toMatchObject({ answeredPerSecond: 30, room: 99, waitSeconds: expect.closeTo(6.7, 1) }));
  it('is empty when a new order would have to wait too long', () =>
    expect(next({ answeredPerSecond: 30 }, { waiting: 300, answered: 30 }).room).toBe(0));
  it('is divided by what each instance has placed', () => {
    const sample = { waiting: 200, answered: 30, placed: 38 };
    expect(next({ answeredPerSecond: 30 }, { ...sample, placedHere: 9 }).room).toBe(25);
    expect(next({ answeredPerSecond: 30 }, { ...sample, placedHere: 29 }).room).toBe(75);
  });
});

describe('the rate of answers', () => {
  it('does not fall while few orders wait: the services are given no more', () =>
    expect(next({ answeredPerSecond: 30 }, { waiting: 5, answered: 1 }).answeredPerSecond).toBe(
      30,
    ));
  it('falls within seconds while orders wait, so that a stop of a service is noticed', () => {
    let last: Allowance = next({ answeredPerSecond: 30 }, { waiting: 200 });
    expect(last.room).toBeGreaterThan(0);
    for (let second = 0; second < 5; second++) last = next(last, { waiting: 200 });
    expect(last.answeredPerSecond).toBeLessThan(5);
    expect(last.room).toBe(0);
  });
  it('rises again when the service has returned', () => {
    let last: Allowance = next(undefined, { waiting: 200 });
    for (let second = 0; second < 10; second++) last = next(last, { waiting: 200, answered: 30 });
    expect(last.room).toBeGreaterThan(40);
  });
});

const STEPS = 10;
const SECONDS = 120;

/** Orders arrive in turn at instances, and are answered in order at a rate of `capacity`. */
function simulate(instances: number, arriving: (second: number) => number, capacity: number) {
  const here = Array.from({ length: instances }, () => ({
    allowance: undefined as Allowance | undefined,
    placed: 0,
  }));
  const [placedAt, waits]: [number[], number[]] = [[], []];
  const since = { placed: 0, answered: 0 };
  let [arrived, due, refused, free] = [0, 0, 0, 0];
  for (let step = 1; step <= SECONDS * STEPS; step++) {
    const second = step / STEPS;
    for (due += arriving(second) / STEPS; arrived < Math.floor(due); arrived++) {
      const instance = here[arrived % instances]!;
      if (instance.placed >= (instance.allowance?.room ?? Number.POSITIVE_INFINITY)) refused += 1;
      else {
        instance.placed += 1;
        placedAt.push(second);
      }
    }
    for (free = Math.min(free + capacity / STEPS, capacity); free >= 1; free--)
      if (waits.length < placedAt.length) waits.push(second - placedAt[waits.length]!);
    if (step % STEPS > 0) continue;
    const { placed, answered } = since;
    Object.assign(since, { placed: placedAt.length, answered: waits.length });
    for (const instance of here) {
      instance.allowance = allowanceAfter(
        instance.allowance,
        {
          seconds: 1,
          waiting: placedAt.length - waits.length,
          placed: placedAt.length - placed,
          placedHere: instance.placed,
          answered: waits.length - answered,
        },
        bounds,
      );
      instance.placed = 0;
    }
  }
  return { longestWait: Math.max(...waits), answered: waits.length, refused };
}

describe('three times the orders that can be handled', () => {
  it.each([1, 2, 4, 10])('at %d instances: none waits for its deadline, and none idles', (n) => {
    const { longestWait, answered, refused } = simulate(n, () => 75, 25);
    expect(longestWait).toBeLessThan(DEADLINE_SECONDS * 0.75);
    expect(answered).toBeGreaterThan(0.98 * 25 * SECONDS);
    expect(refused).toBeGreaterThan(0.9 * 50 * 100);
  });
  it('rejects orders only while it lasts', () => {
    const { refused } = simulate(2, (second) => (second < 5 ? 75 : 20), 25);
    expect(refused).toBeLessThan(5 * 50);
  });
});

describe('fewer orders than can be handled', () => {
  it.each([5, 24])('are all admitted: %d a second', (rate) =>
    expect(simulate(2, () => rate, 25).refused).toBe(0),
  );
});

describe('the time to try again', () => {
  it('is the expected wait, spread by the order', () => {
    expect(retryAfterSeconds(10, '00000000-0000-8000-8000-000000000000')).toBe(5);
    expect(retryAfterSeconds(10, 'ffffffff-0000-8000-8000-000000000000')).toBe(15);
  });
  it('is at least a second and at most a minute', () => {
    expect(retryAfterSeconds(0, '80000000-0000-8000-8000-000000000000')).toBe(1);
    expect(retryAfterSeconds(Number.POSITIVE_INFINITY, '80000000-')).toBe(60);
  });
});
