import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Events } from '@fieldguide/platform-host/events';
import { describe, expect, it } from 'vitest';
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
});
