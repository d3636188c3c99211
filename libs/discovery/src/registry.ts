/** One running copy of a service. */
export interface Instance {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly version: string;
}

const AVOID_MS = 2_000;

/**
 * Who runs where. Each process keeps a local copy, so that picking an instance costs no call and goes on while the
 * registry itself is away.
 */
export abstract class ServiceRegistry {
  readonly #turns = new Map<string, number>();
  readonly #unreachable = new Map<string, number>();

  /** The healthy instances as last known; the first call for a service starts to watch it. */
  abstract instances(service: string): readonly Instance[];

  /** Resolves when there is an instance of the service, or after `timeoutMs`. */
  abstract waitFor(service: string, timeoutMs: number): Promise<void>;

  /** The next instance in turn; one that just failed is passed over while there are others. */
  next(service: string, nowMs: number): Instance | undefined {
    const all = this.instances(service);
    const good = all.filter(({ id }) => (this.#unreachable.get(id) ?? 0) <= nowMs);
    const candidates = good.length > 0 ? good : all;
    const turn = (this.#turns.get(service) ?? 0) + 1;
    this.#turns.set(service, turn);
    return candidates[turn % candidates.length];
  }

  /** A connection to it failed: leave it out for two seconds; the registry's own check is slower than that. */
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

  override async waitFor(): Promise<void> {}
}
