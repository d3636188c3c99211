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
export abstract class Registry {
  readonly #turns = new Map<string, number>();
  readonly #avoided = new Map<string, number>();

  /** The healthy instances as last known; the first call for a service starts to watch it. */
  abstract instances(service: string): readonly Instance[];

  /** Resolves when there is an instance of the service, or after `timeoutMs`. */
  abstract known(service: string, timeoutMs: number): Promise<void>;

  /** The next instance in turn; one that just failed is passed over while there are others. */
  pick(service: string, nowMs: number): Instance | undefined {
    const all = this.instances(service);
    const good = all.filter(({ id }) => (this.#avoided.get(id) ?? 0) <= nowMs);
    const candidates = good.length > 0 ? good : all;
    const turn = (this.#turns.get(service) ?? 0) + 1;
    this.#turns.set(service, turn);
    return candidates[turn % candidates.length];
  }

  /** A connection to it failed: leave it out for two seconds; the registry's own check is slower than that. */
  avoid(id: string, nowMs: number): void {
    for (const [each, until] of this.#avoided) if (until <= nowMs) this.#avoided.delete(each);
    this.#avoided.set(id, nowMs + AVOID_MS);
  }
}

/** A registry that never changes: for tests, and for services at a fixed address. */
export class FixedRegistry extends Registry {
  readonly #instances: readonly Instance[];

  constructor(instances: readonly Instance[]) {
    super();
    this.#instances = instances;
  }

  override instances(service: string): readonly Instance[] {
    return this.#instances.filter((each) => each.service === service);
  }

  override async known(): Promise<void> {}
}
