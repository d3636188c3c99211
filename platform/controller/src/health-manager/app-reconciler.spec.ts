import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Events } from '@fieldguide/platform-host/events';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../runner/instance.ts';
import { AppReconciler } from './app-reconciler.ts';

const events = () => new Events(join(mkdtempSync(join(tmpdir(), 'keeper-')), 'platform.log'));

describe('a reconciler', () => {
  it('reports an instance that cannot be started, rejects waiting callers, and pauses', async () => {
    const warnings = events();
    let tries = 0;
    const reconciler = new AppReconciler({
      app: 'lending',
      events: warnings,
      desired: () => [{ processes: 'web,worker', instances: 1, hash: 'a' }],
      start: () => {
        tries += 1;
        return Promise.reject(new CliError('The disk is full.', 'make room'));
      },
      isFrozen: () => false,
      evict: () => Promise.resolve(),
      changed: () => undefined,
    });
    await expect(reconciler.converged()).rejects.toThrow(/disk is full/);
    reconciler.reconcile();
    reconciler.reconcile();
    expect(tries).toBe(1);
    expect(warnings.recent.map(({ text }) => text)).toEqual([
      '! The disk is full. Next try in 5 s.',
    ]);
    await reconciler.stop();
  });

  it('has nothing to do when nothing is wanted and nothing runs', async () => {
    const reconciler = new AppReconciler({
      app: 'lending',
      events: events(),
      desired: () => [{ processes: 'web,worker', instances: 0, hash: 'a' }],
      start: () => Promise.reject(new Error('unexpected start')),
      isFrozen: () => false,
      evict: () => Promise.resolve(),
      changed: () => undefined,
    });
    await reconciler.converged();
    expect(reconciler.instances).toEqual([]);
  });

  it('replaces the next instance while the one before drains, and has converged when all have ended', async () => {
    const started: FakeInstance[] = [];
    let hash = 'old';
    const reconciler = new AppReconciler({
      app: 'lending',
      events: events(),
      desired: () => [{ processes: 'web,worker', instances: 2, hash }],
      start: (slot) => {
        const instance = new FakeInstance(slot, hash);
        started.push(instance);
        return Promise.resolve(instance as unknown as Instance);
      },
      isFrozen: () => false,
      evict: () => Promise.resolve(),
      changed: () => undefined,
    });
    await reconciler.converged();
    const old = started.splice(0);
    hash = 'new';
    let hasConverged = false;
    const converged = reconciler.converged().then(() => {
      hasConverged = true;
    });
    await expect.poll(() => old.map(({ child }) => child.isStopping)).toEqual([true, true]);
    expect(started.map(({ record }) => record.slot)).toEqual([1, 2]);
    old[0]!.child.end();
    await setImmediate();
    expect([reconciler.hasConverged, hasConverged]).toEqual([false, false]);
    old[1]!.child.end();
    await converged;
    for (const { child } of started) child.end();
    await reconciler.stop();
  });
});

/** Ends when the test calls `end`, not at `stop`. */
class FakeInstance {
  readonly id: string;
  readonly record: { readonly slot: number; readonly [key: string]: unknown };
  readonly child: {
    isRunning: boolean;
    isStopping: boolean;
    exited: Promise<void>;
    stop(): Promise<void>;
    end(): void;
  };

  constructor(slot: number, hash: string) {
    this.id = `lending/${slot}`;
    this.record = { app: 'lending', slot, hash, processes: 'web,worker', digest: hash };
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    const child = {
      isRunning: true,
      isStopping: false,
      exited,
      stop: () => {
        child.isStopping = true;
        return exited;
      },
      end: () => {
        child.isRunning = false;
        resolve();
      },
    };
    this.child = child;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }
}
