import 'reflect-metadata';
import { SystemClock } from '@fieldguide/clock';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { type Instance, ServiceRegistry } from '@fieldguide/discovery';
import { makeLog } from '@fieldguide/telemetry';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { openProxyRoutes } from './proxy-routes.ts';

/** Reports a service as known once it is announced. */
class EmptyRegistry extends ServiceRegistry {
  readonly awaited = new Set<string>();
  readonly #announced = Promise.withResolvers<void>();

  announce(): void {
    this.#announced.resolve();
  }

  override instances(): readonly Instance[] {
    return [];
  }

  override waitFor(service: string): Promise<void> {
    this.awaited.add(service);
    return this.#announced.promise;
  }
}

describe('the gateway’s routes', () => {
  it('are open only when every service is known: its port is shared from then on', async () => {
    const registry = new EmptyRegistry();
    const server = fastify();
    const app = { getHttpAdapter: () => ({ getInstance: () => server }), get: () => undefined };
    const config = { values: { FORWARD_TIME_LIMIT_MS: 1_000, RATE_LIMIT_PER_MINUTE: 100 } };
    const log = makeLog('test', 'test', 'silent');
    const parts = { registry, config, log, clock: new SystemClock() };
    let isOpen = false;
    const opening = openProxyRoutes(app as never, parts as never).then(() => {
      isOpen = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOpen).toBe(false);
    expect(registry.awaited).toEqual(new Set(routes.map(({ to }) => to)));
    registry.announce();
    await opening;
    await server.ready();
    expect(server.hasRoute({ method: 'PATCH', url: '/products/:id' })).toBe(true);
    await server.close();
  });
});
