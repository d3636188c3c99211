import { expect, it } from 'vitest';
import { ConcurrencyLimit } from './concurrency-limit.ts';

const STEP_MS = 10;

/** A service that serves `parallel` requests at a time in `serviceMs` each: further ones wait in it. */
class SimulatedService {
  readonly #running: { readonly begun: number; ends: number }[] = [];
  #now = 0;
  shed = 0;
  latencies: number[] = [];

  constructor(
    readonly limit: ConcurrencyLimit,
    readonly parallel: number,
    public serviceMs: number,
  ) {}

  /** Keeps `callers` requests arriving for a while: each caller sends the next after a response or a rejection. */
  run(seconds: number, callers: number): void {
    [this.shed, this.latencies] = [0, []];
    for (let step = 0; step < seconds * (1_000 / STEP_MS); step++) {
      this.#now += STEP_MS;
      for (const each of this.#running.filter(({ ends }) => ends <= this.#now)) {
        this.#running.splice(this.#running.indexOf(each), 1);
        this.latencies.push(each.ends - each.begun);
        this.limit.ended(each.ends - each.begun, this.#now);
      }
      for (let n = this.#running.length; n < callers; n++) {
        if (this.limit.tryStart()) this.#start();
        else this.shed += 1;
      }
    }
  }

  #start(): void {
    const ahead = this.#running.at(-this.parallel)?.ends ?? this.#now;
    this.#running.push({ begun: this.#now, ends: Math.max(ahead, this.#now) + this.serviceMs });
  }
}

const simulated = (max = 512) => new SimulatedService(new ConcurrencyLimit(() => max), 20, 50);
const average = (values: readonly number[]) =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

it('rejects nothing while the service keeps up', () => {
  const service = simulated();
  service.run(60, 20);
  expect(service.shed).toBe(0);
});

it('keeps the requests in an overloaded service few, and their latency low', () => {
  const service = simulated();
  service.run(5, 10);
  service.run(10, 400);
  service.run(10, 400);
  expect(service.limit.limit).toBeLessThan(80);
  expect(average(service.latencies)).toBeLessThan(50 * 4);
  expect(service.shed).toBeGreaterThan(0);
  // Nothing is lost by it: the service is busy all the time.
  expect(service.latencies.length).toBeGreaterThan(0.9 * (10_000 / 50) * 20);
});

it('rises again when the service can take more', () => {
  const service = simulated();
  service.run(5, 10);
  service.run(20, 400);
  const low = service.limit.limit;
  service.serviceMs = 10;
  service.run(20, 400);
  expect(service.limit.limit).toBeGreaterThan(low);
});

it('does not fall for a service that is slow without load', () => {
  const service = simulated();
  service.run(5, 10);
  service.serviceMs = 1_000;
  service.run(30, 10);
  expect(service.shed).toBe(0);
  expect(service.limit.limit).toBe(128);
});

it('never exceeds its upper bound, which may change', () => {
  let max = 4;
  const limit = new ConcurrencyLimit(() => max);
  const started = () => Array.from({ length: 10 }, () => limit.tryStart()).filter(Boolean).length;
  expect(started()).toBe(4);
  max = 6;
  expect(started()).toBe(2);
});
