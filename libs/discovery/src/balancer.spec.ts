import { beforeEach, describe, expect, it } from 'vitest';
import { Balancer, type Choice } from './balancer.ts';
import type { Endpoint, Outcome } from './endpoint.ts';
import type { Instance } from './registry.ts';
import { parseWeights } from './traffic-weights.ts';

const instance = (id: string, version = ''): Instance => ({
  id,
  service: 's',
  address: '127.0.0.1',
  port: 1,
  version,
});
const three = ['a', 'b', 'c'].map((id) => instance(id));
const WARM_MS = 5_000;
const TOOK_MS = 20;

let balancer: Balancer;
let instances: readonly Instance[];
let now: number;
let choice: Choice;
/** How the instances answer; ok by default. */
let behaviour: Record<string, Outcome | { tookMs: number }>;
beforeEach(() => {
  balancer = new Balancer('s', sequence());
  [instances, now, choice, behaviour] = [three, 0, {}, {}];
});

/** Evenly distributed numbers, 0 ≤ x < 1, always the same (a linear congruential generator). */
function sequence(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const next = (shares?: string) =>
  balancer.next(instances, now, choice, shares ? parseWeights(shares).get('s') : undefined);
function end(endpoint: Endpoint): void {
  const behaves = behaviour[endpoint.instance.id] ?? 'ok';
  if (typeof behaves === 'string') endpoint.ended(behaves, TOOK_MS, now);
  else endpoint.ended('ok', behaves.tookMs, now);
}
/** Sends requests one after another, 10 ms apart. @returns the ids of the instances */
function send(count: number, shares?: string): string[] {
  return Array.from({ length: count }, () => {
    const endpoint = next(shares)!;
    now += 10;
    end(endpoint);
    return endpoint.instance.id;
  });
}
const shareOf = (id: string, ids: readonly string[]) =>
  ids.filter((each) => each === id).length / ids.length;

describe('balancing', () => {
  it('gives each instance about the same number of requests', () => {
    const ids = send(3_000);
    for (const { id } of three) expect(shareOf(id, ids)).toBeCloseTo(1 / 3, 1);
  });

  it('prefers the less loaded of two instances', () => {
    let held = 0;
    for (let i = 0; i < 300; i++) {
      const endpoint = next()!;
      if (endpoint.instance.id === 'a') held += 1;
      else end(endpoint);
    }
    expect(held).toBeLessThan(3);
  });

  it('gives a new instance few requests first, and its whole share after five seconds', () => {
    send(10);
    instances = [...three, instance('new')];
    expect(shareOf('new', send(100))).toBeLessThan(0.12);
    now += WARM_MS;
    expect(shareOf('new', send(2_000))).toBeCloseTo(0.25, 1);
  });

  it('limits a new instance under load too', () => {
    send(10);
    instances = [...three, instance('new')];
    const running = Array.from({ length: 80 }, () => next()!.instance.id);
    expect(shareOf('new', running)).toBeLessThan(0.1);
  });

  it('treats an instance at another address as a new one', () => {
    send(10);
    instances = [...three.slice(1), { ...three[0]!, port: 2 }];
    expect(shareOf('a', send(100))).toBeLessThan(0.2);
  });

  it('does not choose the instance that has just failed, unless there is no other', () => {
    choice = { except: next()! };
    expect(Array.from({ length: 50 }, () => next())).not.toContain(choice.except);
    instances = [choice.except!.instance];
    expect(next()).toBe(choice.except);
    instances = [];
    expect(next()).toBeUndefined();
  });
});

describe('ejection', () => {
  it.each([
    ['fails', 'failed', 12],
    ['is unreachable', 'unreachable', 3],
    ['is two seconds late', { tookMs: 2_000 }, 24],
  ] as const)('of an instance that %s: hardly any request is hurt afterwards', (_, bad, after) => {
    send(100);
    behaviour = { a: bad };
    expect(shareOf('a', send(after * 2)) * after * 2).toBeLessThanOrEqual(after / 3 + 2);
    const later = send(6_000);
    expect(shareOf('a', later)).toBeLessThan(0.01);
  });

  it('of one that fails half of the time', () => {
    let nth = 0;
    Object.defineProperty(behaviour, 'a', { get: () => (nth++ % 2 ? 'failed' : 'ok') });
    send(300);
    expect(shareOf('a', send(6_000))).toBeLessThan(0.01);
  });

  it('comes before a breaker can open: three failures at most count for the service', () => {
    instances = three.slice(0, 2);
    behaviour = { a: 'failed' };
    let counted = 0;
    for (let i = 0; i < 100; i++) {
      const endpoint = next()!;
      end(endpoint);
      if (endpoint.instance.id === 'a' && !endpoint.isEjected) counted += 1;
    }
    expect(counted).toBe(3);
  });

  it('never concerns more than half of the instances', () => {
    behaviour = { a: 'failed', b: 'failed', c: 'unreachable' };
    send(100);
    const ids = send(1_000);
    expect(three.filter(({ id }) => shareOf(id, ids) > 0.1)).toHaveLength(2);
    instances = [three[0]!];
    expect(shareOf('a', send(100))).toBe(1);
  });

  it('does not concern an instance that fails as often as the others', () => {
    let nth = 0;
    const one = () => (nth++ % 5 === 0 ? 'failed' : 'ok');
    for (const { id } of three) Object.defineProperty(behaviour, id, { get: one });
    const ids = send(3_000);
    for (const { id } of three) expect(shareOf(id, ids)).toBeCloseTo(1 / 3, 1);
  });

  it('does not concern an instance when all are slow', () => {
    behaviour = { a: { tookMs: 2_000 }, b: { tookMs: 2_500 }, c: { tookMs: 1_500 } };
    const ids = send(3_000);
    for (const { id } of three) expect(shareOf(id, ids)).toBeCloseTo(1 / 3, 1);
  });

  it('ends with one trial request, then with a slow start', () => {
    send(10);
    behaviour = { a: 'unreachable' };
    send(20);
    behaviour = {};
    now += 2_000;
    const [trial, ...meanwhile] = Array.from({ length: 30 }, () => next()!);
    expect(trial!.instance.id).toBe('a');
    expect(meanwhile.map((each) => each.instance.id)).not.toContain('a');
    for (const each of [trial!, ...meanwhile]) end(each);
    expect(shareOf('a', send(50))).toBeLessThan(0.2);
    now += WARM_MS;
    expect(shareOf('a', send(2_000))).toBeCloseTo(1 / 3, 1);
  });

  it('lasts twice as long after each failed trial, a minute at most', () => {
    behaviour = { a: 'unreachable' };
    const sent: number[] = [];
    while (sent.length < 9) {
      now += 100;
      const endpoint = next()!;
      if (endpoint.instance.id === 'a') sent.push(now);
      end(endpoint);
    }
    const between = sent.slice(1).map((at, index) => (at - sent[index]!) / 1_000);
    expect(between).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('is not ended by a caller who leaves during the trial: the next request is the trial', () => {
    send(10);
    behaviour = { a: 'unreachable' };
    send(20);
    now += 2_000;
    next()!.ended('abandoned', TOOK_MS, now);
    expect(next()!.instance.id).toBe('a');
  });
});

describe('traffic by version', () => {
  const versions = [
    instance('old-1', 'aa11'),
    instance('old-2', 'aa11'),
    instance('new-1', 'bb22'),
  ];
  const newFor = (caller: string, weights: string) => {
    choice = { caller };
    const endpoint = next(weights)!;
    end(endpoint);
    return endpoint.instance.id === 'new-1';
  };
  const callers = Array.from({ length: 2_000 }, (_, n) => `customer-${n}`);
  beforeEach(() => {
    instances = versions;
  });

  it('gives a share of the callers the named version, always the same ones', () => {
    const first = callers.map((caller) => newFor(caller, 's:bb=10'));
    expect(first.filter(Boolean).length / callers.length).toBeCloseTo(0.1, 1);
    expect(callers.map((caller) => newFor(caller, 's:bb=10'))).toEqual(first);
    // In another process too, and they stay when the share grows.
    balancer = new Balancer('s', () => 0);
    const grown = callers.map((caller) => newFor(caller, 's:bb=50'));
    expect(first.every((isNew, n) => !isNew || grown[n])).toBe(true);
    expect(grown.filter(Boolean).length / callers.length).toBeCloseTo(0.5, 1);
  });

  it('gives nothing or everything at 0 and 100 %', () => {
    expect(callers.some((caller) => newFor(caller, 's:bb=0'))).toBe(false);
    expect(callers.every((caller) => newFor(caller, 's:bb=100'))).toBe(true);
  });

  it('uses the other versions when no instance of the caller’s is there or all are ejected', () => {
    expect(newFor('customer-1', 's:cc=100,t:bb=100')).toBeTypeOf('boolean');
    behaviour = { 'new-1': 'failed' };
    choice = { caller: 'customer-1' };
    expect(shareOf('new-1', send(6_000, 's:bb=100'))).toBeLessThan(0.01);
  });

  it('sends the trial request of its callers only', () => {
    send(10);
    behaviour = { 'new-1': 'unreachable' };
    choice = { caller: 'customer-1' };
    send(1, 's:bb=100');
    now += 2_000;
    expect(next('s:bb=0')!.instance.id).not.toBe('new-1');
    expect(next('s:bb=100')!.instance.id).toBe('new-1');
  });

  it.each(['s', 's:bb', 's:bb=x', 's:=5', 's:bb=60,s:cc=41'])('rejects the weights %s', (text) =>
    expect(() => parseWeights(text)).toThrow(/SERVICE|more than 100/),
  );
});
