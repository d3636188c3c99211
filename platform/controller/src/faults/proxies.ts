import type { App } from '@fieldguide/platform-host/apps';
import type {
  Addresses,
  BackingName,
} from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { freePorts } from '@fieldguide/platform-host/processes/ports';
import type { Platform } from '../platform.ts';
import type { Disturbance } from './disturbance.ts';
import { kafkaAddresses } from './kafka-addresses.ts';
import { isBacking } from './targets.ts';
import { type Address, TcpProxy, type TcpProxySettings } from './tcp-proxy.ts';

const HOST = '127.0.0.1';
/** Instances listen on 127.0.0.1; the registry shows this address, where a proxy listens on the same port. */
const ENTRANCE_HOST = '127.0.0.2';

/** Traffic that passes proxies: into an app, or from an app to a dependency. */
export interface Route {
  readonly app: App;
  /** The dependency; undefined: into the app. */
  readonly to: string | undefined;
  readonly disturbances: Set<Disturbance>;
  readonly proxies: Set<TcpProxy>;
  /** The port that the instances use instead; of an entrance: where they listen instead of the public port. */
  readonly port: number;
  /** Faults that use it. */
  uses: number;
  /** Every instance uses it. */
  isComplete: boolean;
}

/** Addresses that instances get in their environment. */
export interface InstanceAddresses {
  readonly backing: Addresses;
  readonly publicPorts: ReadonlyMap<string, number>;
}

/** What the proxies need to know of the platform. */
export type ProxiedPlatform = InstanceAddresses & Pick<Platform, 'reconcilers'>;

/**
 * The proxies that faults have inserted. Instances get their addresses in their environment, so that a push, a restart or
 * another instance meets the same faults; and without a fault there is no proxy.
 */
export class Proxies {
  readonly #platform: ProxiedPlatform;
  readonly #routes = new Map<string, Route>();
  #lastOpening: Promise<unknown> = Promise.resolve();

  constructor(platform: ProxiedPlatform) {
    this.#platform = platform;
  }

  /** Opens a route, or returns the one that another fault has opened. */
  open(app: App, to: string | undefined): Promise<Route> {
    // One after another: two faults that begin together share a route.
    const opening = this.#lastOpening.then(() => this.#open(app, to));
    this.#lastOpening = opening.catch(() => undefined);
    return opening;
  }

  async #open(app: App, to: string | undefined): Promise<Route> {
    const existing = this.#routes.get(keyOf(app, to));
    if (existing) {
      existing.uses += 1;
      return existing;
    }
    if (to === 'kafka' && this.#platform.backing.kafka.url.startsWith('kafka+tls:'))
      throw new CliError(
        'No proxy can be inserted before Kafka: the connection is encrypted.',
        'attach a broker without TLS to inject this fault',
      );
    const [port] = await freePorts(1);
    const route = { app, to, disturbances: new Set<Disturbance>(), proxies: new Set<TcpProxy>() };
    const opened = { ...route, port: port!, uses: 1, isComplete: false };
    if (to !== undefined)
      await this.#listen(opened, this.#upstreamOf(opened), { host: HOST, port: port! });
    else if (app.hasPublicPort) {
      // Shared with the instances that are not replaced yet, and later with those that are replaced again.
      const shared = { host: HOST, port: this.#platform.publicPorts.get(app.name)! };
      const upstream = () => {
        const newest = opened.isComplete ? undefined : this.#newestPort(app);
        return { host: HOST, port: newest ?? opened.port };
      };
      await this.#listen(opened, upstream, { ...shared, reusePort: true });
    }
    this.#routes.set(keyOf(app, to), opened);
    return opened;
  }

  /** Instances use it no longer once they are replaced. @returns whether it was the last use */
  leave(route: Route): boolean {
    route.uses -= 1;
    if (route.uses > 0) return false;
    route.isComplete = false;
    this.#routes.delete(keyOf(route.app, route.to));
    return true;
  }

  /** Closes the proxies of a route that no instance uses. */
  async close(route: Route): Promise<void> {
    await Promise.all([...route.proxies].map((proxy) => proxy.retire()));
    route.proxies.clear();
  }

  closeAll(): void {
    for (const { proxies } of this.#routes.values()) for (const proxy of proxies) proxy.close();
  }

  /** The addresses that instances of an app get. */
  addresses(app: App): InstanceAddresses {
    const { postgres, kafka, consul } = this.#platform.backing;
    const backing: Record<BackingName, Addresses[BackingName]> = { postgres, kafka, consul };
    const publicPorts = new Map(this.#platform.publicPorts);
    for (const { to, port } of this.#from(app)) {
      if (isBacking(to))
        backing[to] = { ...backing[to], url: replaceAddress(backing[to].url, port) };
      else publicPorts.set(to, port);
    }
    return { backing, publicPorts };
  }

  /** Further variables of an instance. */
  variables(app: App): Record<string, string> {
    const entrance = this.#routes.get(keyOf(app, undefined));
    if (!entrance) return {};
    return app.hasPublicPort
      ? { PUBLIC_PORT: String(entrance.port) }
      : { ADVERTISED_HOST: ENTRANCE_HOST };
  }

  /** Opens the entrance of an instance that is about to start. @returns a function that closes it */
  async enter(app: App, port: number): Promise<(() => void) | undefined> {
    const entrance = this.#routes.get(keyOf(app, undefined));
    if (!entrance || app.hasPublicPort) return undefined;
    const address = { host: ENTRANCE_HOST, port };
    const proxy = await this.#listen(entrance, () => ({ host: HOST, port }), address);
    return () => {
      proxy.close();
      entrance.proxies.delete(proxy);
    };
  }

  /** While instances are replaced, there may be none behind the other port: the newest has a port of its own. */
  #newestPort({ name }: App): number | undefined {
    const slots = [...this.#platform.reconcilers.get(name)!.slots.values()];
    const running = slots.filter(({ ready, instance }) => ready && instance.child.isRunning);
    const records = running.map(({ instance }) => instance.record);
    return records.toSorted((a, b) => b.serial - a.serial)[0]?.port;
  }

  #from(app: App): (Route & { to: string })[] {
    return [...this.#routes.values()].filter(
      (route): route is Route & { to: string } => route.app === app && route.to !== undefined,
    );
  }

  async #listen(
    route: Route,
    upstream: TcpProxySettings['upstream'],
    address: Address & { reusePort?: boolean },
  ): Promise<TcpProxy> {
    const { disturbances, to } = route;
    const proxy = new TcpProxy({
      upstream,
      disturbances,
      ...(to === 'kafka' && { translation: () => kafkaAddresses(upstream, () => address) }),
      ...(to === undefined && { isExempt: isHealthCheck }),
    });
    try {
      await proxy.listen(address);
    } catch (error) {
      const where = `${address.host}:${address.port}`;
      const hint = 'a fault at an app needs a second loopback address, which Linux has';
      throw new CliError(
        `No proxy can listen on ${where}: ${(error as Error).message}.`,
        hint,
        error,
      );
    }
    route.proxies.add(proxy);
    proxy.refresh();
    return proxy;
  }

  #upstreamOf({ to = '' }: Route): TcpProxySettings['upstream'] {
    const { publicPorts } = this.#platform;
    if (!isBacking(to)) return () => ({ host: HOST, port: publicPorts.get(to)! });
    return () => {
      const { hostname, port } = new URL(
        this.#platform.backing[to].url.replace(/^[\w+]+:/, 'http:'),
      );
      return { host: hostname, port: Number(port) };
    };
  }
}

const keyOf = ({ name }: App, to: string | undefined) => `${name} ${to ?? ''}`;

/** An app under a fault stays in the registry: its callers meet the fault, and not only a missing instance. */
function isHealthCheck(firstBytes: Buffer): boolean {
  return firstBytes.toString('latin1', 0, 20).startsWith('GET /health/');
}

function replaceAddress(url: string, port: number): string {
  return url.replace(/(\/\/(?:[^@/]*@)?)[^/?]*/, `$1${HOST}:${port}`);
}
