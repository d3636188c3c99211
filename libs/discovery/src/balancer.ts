import { metrics } from '@fieldguide/telemetry';
import { Endpoint, type Outcome } from './endpoint.ts';
import type { Instance } from './registry.ts';
import { type Share, shareOf } from './traffic-weights.ts';

/** Which instance a request may use. */
export interface Choice {
  /** Id or address: the same caller gets the same version. */
  readonly caller?: string | undefined;
  /** An instance that has just failed: another one is chosen, if there is one. */
  readonly except?: Endpoint | undefined;
}

// An outlier: where the others do not fail, about four failures in a row, or a third of the last twenty requests.
const FAILING_MORE = 0.3;
const FAILING_TIMES = 2;
const LATE_TIMES = 5;
const LATE_MS_MIN = 500;
const EJECT_MS = 2_000;
const EJECT_MS_MAX = 60_000;
// An instance that has served this long since its last ejection starts again with the shortest one.
const FORGIVEN_MS = 300_000;

/**
 * Balances the requests of one process over the instances of a service: of two random ones the less loaded, fewer
 * requests for a new one, and none for one that fails more than the others (an outlier). At most half are ejected; each
 * comes back with one trial request, after a time that doubles.
 */
export class Balancer {
  readonly #service: string;
  readonly #random: () => number;
  #instances: readonly Instance[] | undefined;
  #all: Endpoint[] = [];
  /** Those that are not ejected. */
  #ready: Endpoint[] = [];

  constructor(service: string, random: () => number = Math.random) {
    this.#service = service;
    this.#random = random;
  }

  /** @returns an instance that counts the request as in flight until `ended`; undefined when there is none */
  next(
    instances: readonly Instance[],
    nowMs: number,
    choice: Choice = {},
    shares?: readonly Share[],
  ): Endpoint | undefined {
    if (instances !== this.#instances) this.#update(instances, nowMs);
    const { except } = choice;
    const isOwn = shares && this.#ownVersion(shares, choice);
    const trial = this.#ready.length < this.#all.length && this.#trial(nowMs, except, isOwn);
    let pool = trial ? [trial] : this.#ready;
    if (except && !trial) pool = preferring(pool, (each) => each !== except);
    if (isOwn && !trial) pool = preferring(pool, isOwn);
    const chosen = pool.length > 1 ? this.#lessLoaded(pool, nowMs) : pool[0];
    if (!chosen) return undefined;
    chosen.inFlight += 1;
    if (chosen.isEjected) chosen.isOnTrial = true;
    return chosen;
  }

  #update(instances: readonly Instance[], nowMs: number): void {
    const since = this.#instances ? nowMs : Number.NEGATIVE_INFINITY;
    this.#instances = instances;
    this.#all = instances.map((instance) => {
      const known = this.#all.find((each) => isSame(each.instance, instance));
      return known ?? new Endpoint(instance, this.#learn, since);
    });
    this.#show();
  }

  #trial(nowMs: number, except: Endpoint | undefined, isOwn: Predicate | undefined) {
    return this.#all.find(
      (each) =>
        each.isEjected &&
        each.ejectedUntil! <= nowMs &&
        !each.isOnTrial &&
        each !== except &&
        (!isOwn || isOwn(each)),
    );
  }

  /** Whether an instance has the caller's version. */
  #ownVersion(shares: readonly Share[], { caller }: Choice): Predicate {
    const isNamed = ({ instance }: Endpoint, { version }: Share) =>
      instance.version.startsWith(version);
    const share = shareOf(shares, this.#service, caller, this.#random);
    return (each) => (share ? isNamed(each, share) : !shares.some((one) => isNamed(each, one)));
  }

  #lessLoaded(pool: readonly Endpoint[], nowMs: number): Endpoint {
    const first = this.#draw(pool, nowMs);
    let second = this.#draw(pool, nowMs);
    if (second === first) second = pool[(pool.indexOf(first) + 1) % pool.length]!;
    const load = (each: Endpoint) => each.inFlight / each.weight(nowMs);
    return load(second) < load(first) ? second : first;
  }

  /** Draws a new instance less often: it is drawn again by its missing weight. */
  #draw(pool: readonly Endpoint[], nowMs: number): Endpoint {
    for (let draws = 1; ; draws++) {
      const drawn = pool[Math.floor(this.#random() * pool.length)]!;
      const weight = drawn.weight(nowMs);
      if (weight === 1 || draws === 4 || this.#random() < weight) return drawn;
    }
  }

  readonly #learn = (endpoint: Endpoint, outcome: Outcome, tookMs: number, nowMs: number): void => {
    const isLate = tookMs > LATE_MS_MIN && this.#isLate(endpoint, tookMs);
    const { isOnTrial } = endpoint;
    endpoint.isOnTrial = false;
    if (outcome === 'abandoned' && !isLate) return;
    const isFailure = outcome === 'failed' || outcome === 'unreachable' || isLate;
    endpoint.record(isFailure, outcome === 'ok' ? tookMs : undefined);
    if (isOnTrial) {
      if (isFailure) this.#eject(endpoint, nowMs);
      else this.#reinstate(endpoint, nowMs);
    } else if (isFailure && !endpoint.isEjected) {
      const others = this.#averageOfOthers(endpoint, 'failing');
      const isOutlier =
        outcome === 'unreachable' || endpoint.failing > others * FAILING_TIMES + FAILING_MORE;
      const ejected = this.#all.length - this.#ready.length;
      if (isOutlier && ejected < Math.floor(this.#all.length / 2)) this.#eject(endpoint, nowMs);
    }
  };

  #isLate(endpoint: Endpoint, tookMs: number): boolean {
    const others = this.#averageOfOthers(endpoint, 'averageMs');
    return others > 0 && tookMs > others * LATE_TIMES;
  }

  /** 0 when the others have served nothing. */
  #averageOfOthers(endpoint: Endpoint, of: 'failing' | 'averageMs'): number {
    let [sum, count] = [0, 0];
    for (const each of this.#ready) {
      const value = each[of];
      if (each === endpoint || value === undefined) continue;
      sum += value;
      count += 1;
    }
    return count === 0 ? 0 : sum / count;
  }

  #eject(endpoint: Endpoint, nowMs: number): void {
    const isForgiven = !endpoint.isEjected && nowMs - endpoint.since > FORGIVEN_MS;
    endpoint.ejections = isForgiven ? 1 : endpoint.ejections + 1;
    endpoint.ejectedUntil =
      nowMs + Math.min(EJECT_MS * 2 ** (endpoint.ejections - 1), EJECT_MS_MAX);
    metrics.instanceEjections.inc({ server_service_name: this.#service });
    this.#show();
  }

  #reinstate(endpoint: Endpoint, nowMs: number): void {
    endpoint.ejectedUntil = undefined;
    endpoint.failing = 0;
    endpoint.averageMs = undefined;
    endpoint.since = nowMs;
    this.#show();
  }

  #show(): void {
    this.#ready = this.#all.filter((each) => !each.isEjected);
    const ejected = this.#all.length - this.#ready.length;
    metrics.ejectedInstances.set({ server_service_name: this.#service }, ejected);
  }
}

const isSame = (one: Instance, other: Instance) =>
  one.id === other.id && one.address === other.address && one.port === other.port;

type Predicate = (endpoint: Endpoint) => boolean;

/** Those that fit; all when none does. */
function preferring(pool: Endpoint[], fits: Predicate): Endpoint[] {
  const fitting = pool.filter(fits);
  return fitting.length > 0 ? fitting : pool;
}
