/** One running instance of a service. */
export interface Instance {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly version: string;
}

const AVOID_MS = 2_000;

/**
 * The instances of each service. Each process keeps a local copy, so that selecting an instance costs no call and
 * works while the registry itself is unreachable.
 */
export abstract class ServiceRegistry {
  readonly #turns = new Map<string, number>();
  readonly #unreachable = new Map<string, number>();

  /** Maintains the entry of this instance until `deregister`; returns immediately. */
  abstract register(instance: Instance): void;

  /** Removes the entry, so that no further requests arrive, and ends all watches. */
  abstract deregister(): Promise<void>;

  /** For readiness: `degraded` while the registry is unreachable. */
  abstract state(): 'ok' | 'degraded';

  /** The last known healthy instances; the first call for a service starts watching it. */
  abstract instances(service: string): readonly Instance[];

  /** Resolves when the service has an instance, or after `timeoutMs`. */
  abstract waitFor(service: string, timeoutMs: number): Promise<void>;

  /** The next instance, round-robin; skips one that just failed while there are others. */
  next(service: string, nowMs: number): Instance | undefined {
    const all = this.instances(service);
    const good = all.filter(({ id }) => (this.#unreachable.get(id) ?? 0) <= nowMs);
    const candidates = good.length > 0 ? good : all;
    const turn = (this.#turns.get(service) ?? 0) + 1;
    this.#turns.set(service, turn);
    return candidates[turn % candidates.length];
  }

  /** Skips an instance for two seconds after a failed connection; the registry's health check is slower. */
  markUnreachable(id: string, nowMs: number): void {
    for (const [each, until] of this.#unreachable)
      if (until <= nowMs) this.#unreachable.delete(each);
    this.#unreachable.set(id, nowMs + AVOID_MS);
  }
}

/** A registry that never changes: for tests, and for services at a fixed address. */
export class FixedRegistry extends ServiceRegistry {
  readonly #instances: readonly Instance[];

  constructor(instances: readonly Instance[]) {
    super();
    this.#instances = instances;
  }

  override instances(service: string): readonly Instance[] {
    return this.#instances.filter((each) => each.service === service);
  }

  override async waitFor(_service: string): Promise<void> {}

  override register(): void {}

  override async deregister(): Promise<void> {}

  override state(): 'ok' {
    return 'ok';
  }
}
