import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Events } from '@fieldguide/platform-host/events';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FaultRequest } from './fault.ts';
import type { FaultClock, Faults } from './faults.ts';

useTestWorkspace();
const { Faults: FaultsClass } = await import('./faults.ts');
const { faultKinds } = await import('./fault-kinds.ts');
const { FAULTS_MAX, FaultRequest: Schema, faultKindNames } = await import('./fault.ts');
const { kindInfos } = await import('./kind-info.ts');
afterAll(() => vi.unstubAllEnvs());

/** Time passes only by `advance`. */
class TestClock implements FaultClock {
  #now = Date.parse('2030-01-01T12:00:00Z');
  #due: { atMs: number; work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const entry = { atMs: this.#now + ms, work };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((each) => each !== entry);
    };
  }

  get waiting(): number {
    return this.#due.length;
  }

  advance(seconds: number): void {
    this.#now += seconds * 1_000;
    const due = this.#due.filter(({ atMs }) => atMs <= this.#now);
    this.#due = this.#due.filter(({ atMs }) => atMs > this.#now);
    for (const { work } of due) work();
  }
}

let clock: TestClock;
let faults: Faults;
let calls: string[];
let events: Events;
let remembered: number[];
let failure: Error | undefined;
let environment: { name: string };
const request = (given: object = {}) =>
  Schema.parse({ kind: 'down', target: 'alpha', ...given }) as FaultRequest;

beforeEach(() => {
  clock = new TestClock();
  calls = [];
  remembered = [];
  failure = undefined;
  environment = { name: 'local' };
  events = new Events(join(mkdtempSync(join(tmpdir(), 'faults-')), 'platform.log'));
  const start = async ({ target }: { target: string }) => {
    if (failure) throw failure;
    calls.push(`start ${target}`);
    return {
      release: () => void calls.push(`release ${target}`),
      restore: async () => void calls.push(`restore ${target}`),
    };
  };
  const kind = { ...faultKinds.down, start };
  const kinds = Object.fromEntries(
    faultKindNames.map((name) => [name, { ...kind, isMomentary: name === 'duplicate-messages' }]),
  );
  const platform = {
    environment,
    events,
    backing: {},
    isStopping: false,
    remember: () => remembered.push(faults.active.length),
  };
  faults = new FaultsClass(platform as never, clock, kinds as never);
});

describe('a fault', () => {
  it('shows neither what nor where it is when it is hidden', async () => {
    await faults.start(request({ hidden: true }));
    const [shown] = faults.active;
    expect(shown).toMatchObject({ kind: 'hidden', target: 'hidden', app: null, topic: null });
    expect(JSON.stringify(shown)).not.toContain('alpha');
    expect(JSON.stringify(events.recent)).not.toContain('alpha');
  });
  it('is listed while it is active, and announced as an event', async () => {
    const fault = await faults.start(request({ forSeconds: 90 }));
    expect(fault).toMatchObject({ id: 1, state: 'active', app: 'alpha', title: 'down alpha' });
    expect(fault.endsAt).toBe('2030-01-01T12:01:30.000Z');
    expect(faults.active).toEqual([fault]);
    await faults.stop(1);
    expect(calls).toEqual(['start alpha', 'release alpha', 'restore alpha']);
    expect(faults.active).toEqual([]);
    expect(remembered).toEqual([1, 0]);
    expect(events.recent.map(({ text, app }) => `${app}: ${text}`)).toEqual([
      'alpha: ! Fault 1 begins: down alpha',
      'alpha: Fault 1 ends: down alpha',
      'alpha: ✓ Fault 1 has ended: down alpha',
    ]);
    expect(clock.waiting).toBe(0);
  });

  it('ends by itself, after ten minutes by default', async () => {
    await faults.start(request());
    clock.advance(599);
    expect(calls).toEqual(['start alpha']);
    clock.advance(1);
    await expect.poll(() => faults.active).toEqual([]);
    expect(calls).toEqual(['start alpha', 'release alpha', 'restore alpha']);
  });

  it('ends once, although it is stopped twice', async () => {
    await faults.start(request());
    await Promise.all([faults.stop(1), faults.stop(1)]);
    expect(calls.filter((each) => each.startsWith('release'))).toHaveLength(1);
    await expect(faults.stop(1)).rejects.toThrow(/no active fault 1/);
  });

  it('that cannot start leaves nothing', async () => {
    failure = new Error('no such port');
    await expect(faults.start(request())).rejects.toThrow('no such port');
    expect(faults.active).toEqual([]);
    expect(events.recent).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('of a momentary kind does not stay active', async () => {
    await faults.start(request({ kind: 'duplicate-messages', target: 'alpha.alpha.v1' }));
    expect(faults.active).toEqual([]);
  });

  it('is released when the platform stops, without a restoration', async () => {
    await faults.start(request());
    faults.release();
    expect(calls).toEqual(['start alpha', 'release alpha']);
    expect(clock.waiting).toBe(0);
  });

  it('is rejected beyond the maximum', async () => {
    for (let n = 0; n < FAULTS_MAX; n++) await faults.start(request());
    await expect(faults.start(request())).rejects.toThrow(/is the maximum/);
    await faults.stopAll();
    expect(faults.active).toEqual([]);
  });

  it('needs force outside the environment local', async () => {
    environment.name = 'staging';
    await expect(faults.start(request())).rejects.toThrow(/environment local; this is staging/);
    await faults.start(request({ force: true }));
  });
});

describe('the kinds of faults', () => {
  it('have a description with targets and parameters', () => {
    const infos = kindInfos({ reconcilers: new Map() });
    expect(infos.map(({ kind }) => kind)).toEqual(faultKindNames);
    const of = (name: string) => infos.find(({ kind }) => kind === name)!;
    expect(of('latency').to).toEqual({
      alpha: ['postgres', 'kafka', 'consul'],
      beta: ['postgres', 'kafka', 'consul', 'alpha-store'],
      'alpha-store': ['kafka', 'consul'],
      front: ['kafka', 'consul'],
    });
    expect(of('poison-record').targets).toEqual([
      'alpha.alpha.v1',
      'beta.commands.v1',
      'beta.beta.v1',
    ]);
    const parameter = expect.objectContaining({ name: 'delayMs', default: 500, max: 30_000 });
    expect(of('slow-consumer')).toMatchObject({
      parameters: [parameter],
      targets: ['alpha', 'beta'],
    });
    expect(of('latency').parameters.map((each) => each.default)).toEqual([null, 0, 100]);
  });

  it.each([
    { kind: 'latency', target: 'alpha' },
    { kind: 'latency', target: 'alpha', delayMs: 30_001 },
    { kind: 'down', target: 'alpha', percent: 5 },
    { kind: 'reset', target: 'alpha', percent: 0 },
    { kind: 'http-error', target: 'alpha', status: 404 },
    { kind: 'down', target: 'alpha', forSeconds: 3_601 },
    { kind: 'other', target: 'alpha' },
  ])('take no other parameters: %j', (given) => {
    expect(Schema.safeParse(given).success).toBe(false);
  });
});
