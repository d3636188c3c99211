import 'reflect-metadata';
import { SystemClock } from '@fieldguide/clock';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { FixedRegistry } from '@fieldguide/discovery';
import { Policies } from '@fieldguide/resilience';
import { makeLog } from '@fieldguide/telemetry';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { CachedReads } from '../cache/cached-reads.ts';
import { ResponseCache } from '../cache/response-cache.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { Forwarder } from './forwarder.ts';
import { ProxyRoutes } from './proxy-routes.ts';

/** Reports a service as known once it is announced. */
class EmptyRegistry extends FixedRegistry {
  readonly awaited = new Set<string>();
  readonly #announced = Promise.withResolvers<void>();

  announce(): void {
    this.#announced.resolve();
  }

  override waitFor(service: string): Promise<void> {
    this.awaited.add(service);
    return this.#announced.promise;
  }
}

describe('the gateway’s routes', () => {
  it('are open only when every service is known: its port is shared from then on', async () => {
    const registry = new EmptyRegistry([]);
    const server = fastify();
    const host = { httpAdapter: { getInstance: () => server } } as never;
    const config = {
      FORWARD_TIME_LIMIT_MS: 1_000,
      RATE_LIMIT_PER_MINUTE: 100,
      CORS_ORIGINS: [],
    } as never;
    const log = makeLog('test', 'test', 'silent');
    const clock = new SystemClock();
    const forwarder = new Forwarder(
      registry,
      new Upstreams(new Policies(clock), config),
      clock,
      log,
    );
    const reads = new CachedReads(new ResponseCache(clock, 0), forwarder);
    const http = {} as never;
    const routing = new ProxyRoutes(host, {} as never, registry, reads, config, http, log);
    let isOpen = false;
    const opening = routing.onModuleInit().then(() => {
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
