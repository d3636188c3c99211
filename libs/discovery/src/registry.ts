import { Balancer, type Choice } from './balancer.ts';
import type { Endpoint } from './endpoint.ts';
import { parseWeights } from './traffic-weights.ts';

/** One running instance of a service. */
export interface Instance {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  /** The digest of its artifact; from source: the version of the package. */
  readonly version: string;
}

/**
 * The instances of each service. Each process keeps a local copy, so that selecting an instance costs no call and
 * works while the registry itself is unreachable.
 */
export abstract class ServiceRegistry {
  readonly #balancers = new Map<string, Balancer>();
  readonly #weights: () => string;
  #weightsText = '';
  #shares = parseWeights('');

  /** @param weights shares of versions, as `parseWeights` reads them; may change at any time */
  constructor(weights: () => string = () => '') {
    this.#weights = weights;
  }

  /** Maintains the entry of this instance until `deregister`; returns immediately. */
  abstract register(instance: Instance): void;

  /** Removes the entry, so that no further requests arrive, and ends all watches. */
  abstract deregister(): Promise<void>;

  /** For readiness: `degraded` until this instance has its entry, and while the registry is unreachable. */
  abstract state(): 'ok' | 'degraded';

  /** The last known healthy instances, the same array until they change; the first call starts watching the service. */
  abstract instances(service: string): readonly Instance[];

  /** Resolves when the service has an instance, or after `timeoutMs`. */
  abstract waitFor(service: string, timeoutMs: number): Promise<void>;

  /** Chooses the instance for one request. Report its end with `ended`. @see Balancer */
  next(service: string, nowMs: number, choice?: Choice): Endpoint | undefined {
    let balancer = this.#balancers.get(service);
    if (!balancer) {
      balancer = new Balancer(service);
      this.#balancers.set(service, balancer);
    }
    const text = this.#weights();
    if (text !== this.#weightsText) [this.#weightsText, this.#shares] = [text, parseWeights(text)];
    return balancer.next(this.instances(service), nowMs, choice, this.#shares.get(service));
  }
}

/** A registry that never changes: for tests, and for services at a fixed address. */
export class FixedRegistry extends ServiceRegistry {
  readonly #instances: ReadonlyMap<string, readonly Instance[]>;

  constructor(instances: readonly Instance[], weights?: () => string) {
    super(weights);
    this.#instances = Map.groupBy(instances, ({ service }) => service);
  }

  override instances(service: string): readonly Instance[] {
    return this.#instances.get(service) ?? NONE;
  }

  override async waitFor(_service: string): Promise<void> {}

  override register(_instance: Instance): void {}

  override async deregister(): Promise<void> {}

  override state(): 'ok' {
    return 'ok';
  }
}

const NONE: readonly Instance[] = [];
