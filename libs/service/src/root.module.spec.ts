import 'reflect-metadata';
import { SystemClock } from '@fieldguide/clock';
import { ProcessConfig, ServiceOptions } from '@fieldguide/config';
import { FixedRegistry, type Instance } from '@fieldguide/discovery';
import { type DependencyState, Health, makeLog } from '@fieldguide/telemetry';
import { describe, expect, it } from 'vitest';
import type { HttpConfig } from './http-config.ts';
import { RootModule } from './root.module.ts';

class RecordingRegistry extends FixedRegistry {
  readonly registered: Instance[] = [];

  constructor() {
    super([]);
  }

  override register(instance: Instance): void {
    this.registered.push(instance);
  }
}

/** An application whose only dependency is in a state that the test selects. */
function application() {
  const registry = new RecordingRegistry();
  const health = new Health();
  const dependency: { state: DependencyState; checks: number } = { state: 'down', checks: 0 };
  health.register('dependency', () => {
    dependency.checks += 1;
    return dependency.state;
  });
  const server = { address: () => ({ port: 1 }) };
  const root = new RootModule(
    { httpAdapter: { getHttpServer: () => server } } as never,
    new ServiceOptions('things'),
    { INSTANCE: 'things-1', PROCESSES: new Set(['web']) } as unknown as ProcessConfig,
    { HOST: '127.0.0.1' } as HttpConfig,
    { release: '1' } as never,
    health,
    new SystemClock(),
    makeLog('test', 'test', 'silent'),
    registry,
  );
  return { root, registry, dependency };
}

describe('an instance that starts', () => {
  it.each(['ok', 'degraded'] as const)(
    'registers when it is %s, not while it is down',
    async (state) => {
      const { root, registry, dependency } = application();
      const announced = root.announce();
      await expect.poll(() => dependency.checks).toBeGreaterThan(1);
      expect(registry.registered).toEqual([]);
      dependency.state = state;
      await announced;
      expect(registry.registered.map(({ id }) => id)).toEqual(['things-1']);
    },
  );

  it('does not register when it is stopped before it is ready', async () => {
    const { root, registry } = application();
    const announced = root.announce();
    await root.onModuleDestroy();
    await announced;
    expect(registry.registered).toEqual([]);
  });
});
