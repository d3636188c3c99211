import type { Clock } from '@fieldguide/clock';
import { type ConsulSettings, consulClient } from '@fieldguide/config';
import type { Log } from '@fieldguide/telemetry';
import type Consul from 'consul';
import { type Instance, ServiceRegistry } from './registry.ts';

interface HealthEntry {
  Service: { ID: string; Address: string; Port: number; Meta?: Record<string, string> };
}

type AgentEntries = Readonly<Record<string, AgentEntry | undefined>>;
interface AgentEntry {
  readonly Service: string;
  readonly Address: string;
  readonly Port: number;
  readonly Meta?: Readonly<Record<string, string>>;
}

const NONE: readonly Instance[] = [];

const LOOK_AGAIN_MS = 5_000;
const EMPTY_GRACE_MS = 15_000;

/**
 * The registry on Consul: registers this instance with an HTTP check, and again when its entry is lost. Watches the
 * services it needs by long polls. While Consul is unreachable the last snapshot stays; when it comes back empty (its
 * agent lost its state) the snapshot stays for 15 s, so that all instances can register again.
 */
export class ConsulRegistry extends ServiceRegistry {
  readonly #consul: Consul;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #prefix: string;
  readonly #snapshots = new Map<string, { instances: readonly Instance[]; emptySince?: number }>();
  readonly #watches = new Map<string, { end(): void }>();
  readonly #closing = new AbortController();
  #registered: Instance | undefined;
  #registering: Promise<void> | undefined;
  #reachable = false;

  /**
   * @param environment part of the names in Consul outside `local`, so that environments can share an agent
   * @param weights shares of versions, as `parseWeights` reads them; may change at any time
   */
  constructor(
    consul: ConsulSettings,
    environment: string,
    clock: Clock,
    log: Log,
    weights?: () => string,
  ) {
    super(weights);
    this.#consul = consulClient(consul);
    this.#prefix = environment === 'local' ? '' : `${environment}-`;
    this.#clock = clock;
    this.#log = log;
  }

  override register(instance: Instance): void {
    this.#registered = instance;
    this.#registering = this.#keepRegistered();
  }

  override async deregister(): Promise<void> {
    this.#closing.abort();
    for (const watch of this.#watches.values()) watch.end();
    // A registration that is under way would bring the entry back.
    await this.#registering;
    const { id } = this.#registered ?? {};
    if (id)
      await this.#consul.agent.service.deregister({ id, ...within(2_000) }).catch(() => undefined);
  }

  override state(): 'ok' | 'degraded' {
    return this.#reachable ? 'ok' : 'degraded';
  }

  override instances(service: string): readonly Instance[] {
    if (!this.#watches.has(service)) this.#watch(service);
    return this.#snapshots.get(service)?.instances ?? NONE;
  }

  override async waitFor(service: string, timeoutMs: number): Promise<void> {
    const until = this.#clock.fromNow(timeoutMs);
    while (this.instances(service).length === 0 && this.#clock.now() < until)
      await this.#clock.sleep(50);
  }

  async #keepRegistered(): Promise<void> {
    const { signal } = this.#closing;
    let present = false;
    let rejection = '';
    while (!signal.aborted) {
      try {
        const entries = (await this.#consul.agent.service.list(within(2_000))) as AgentEntries;
        if (!signal.aborted && !this.#isRegistered(entries)) {
          await this.#put(this.#registered!);
          if (present)
            this.#log.warn('The Consul entry was missing or different; registered again');
        }
        present = true;
        this.#reachable = true;
        rejection = '';
      } catch (error) {
        const { message, statusCode } = error as Error & { statusCode?: number };
        if (statusCode === 403 && message !== rejection) this.#reportRejection(message);
        else if (this.#reachable) this.#log.warn({ err: error }, 'Consul cannot be reached');
        rejection = statusCode === 403 ? message : '';
        this.#reachable = false;
      }
      await this.#clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  #reportRejection(reason: string): void {
    const name = this.#prefix + this.#registered!.service;
    this.#log.error(
      { reason },
      `Consul refuses to register ${name}: callers do not find this instance. Try: set CONSUL_HTTP_TOKEN to the token of this service; a start of the platform, or "fieldguide provision", creates missing tokens.`,
    );
  }

  /** An entry with our id but another address or version would send callers to the wrong instance. */
  #isRegistered(entries: AgentEntries): boolean {
    const { id, service, address, port, version } = this.#registered!;
    const entry = entries[id];
    return (
      entry?.Service === this.#prefix + service &&
      entry.Address === address &&
      entry.Port === port &&
      entry.Meta?.version === version
    );
  }

  async #put({ id, service, address, port, version }: Instance): Promise<void> {
    await this.#consul.agent.service.register({
      id,
      name: this.#prefix + service,
      address,
      port,
      meta: { version },
      check: {
        name: 'ready',
        http: `http://${address}:${port}/health/ready`,
        interval: '3s',
        timeout: '2s',
        status: 'passing', // it registers when it is ready; waiting for the first check would only delay it
        deregistercriticalserviceafter: '1m',
      },
      ...within(2_000),
    } as never);
  }

  #watch(service: string): void {
    const watch = this.#consul.watch({
      method: this.#consul.health.service,
      options: { service: this.#prefix + service, passing: true, wait: '10s' } as never,
      backoffFactor: 200,
      backoffMax: 3_000,
    });
    this.#watches.set(service, watch);
    watch.on('change', (entries: HealthEntry[]) => this.#update(service, entries));
    watch.on('error', () => undefined); // the client retries with backoff; the snapshot stays
  }

  #update(service: string, entries: readonly HealthEntry[]): void {
    const before = this.#snapshots.get(service);
    const now = this.#clock.now().getTime();
    if (entries.length === 0 && before && before.instances.length > 0) {
      const emptySince = before.emptySince ?? now;
      if (now - emptySince < EMPTY_GRACE_MS) {
        this.#snapshots.set(service, { ...before, emptySince });
        if (before.emptySince === undefined) void this.#emptyAfterGrace(service, emptySince);
        return;
      }
    }
    const instances = entries.map(({ Service: { ID, Address, Port, Meta } }) => ({
      id: ID,
      service,
      address: Address,
      port: Port,
      version: Meta?.version ?? '',
    }));
    this.#snapshots.set(service, { instances });
  }

  /** A watch reports nothing while nothing changes: without this an empty response would never take effect. */
  async #emptyAfterGrace(service: string, emptySince: number): Promise<void> {
    const { signal } = this.#closing;
    await this.#clock.sleep(EMPTY_GRACE_MS, signal).catch(() => undefined);
    if (signal.aborted || this.#snapshots.get(service)?.emptySince !== emptySince) return;
    this.#snapshots.set(service, { instances: [] });
  }
}

// The client accepts a time limit with every call, which its types omit.
function within(timeout: number): object {
  return { timeout };
}
