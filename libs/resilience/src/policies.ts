import type { Clock } from '@fieldguide/clock';
import type { Health } from '@fieldguide/telemetry';
import { defaultSettings, type PolicySettings, parsePolicies } from './policy-settings.ts';
import { ResiliencePolicy } from './resilience-policy.ts';

/** The policies of a process, one for each dependency. Readiness is `degraded` while a breaker is open. */
export class Policies {
  readonly #policies = new Map<string, ResiliencePolicy>();
  readonly #clock: Clock;
  readonly #health: Health | undefined;
  readonly #overrides: () => string;
  #text = '';
  #parsed: ReturnType<typeof parsePolicies> = new Map();

  /** @param overrides settings by dependency, as `parsePolicies` reads them; may change at any time */
  constructor(clock: Clock, health?: Health, overrides: () => string = () => '') {
    this.#clock = clock;
    this.#health = health;
    this.#overrides = overrides;
  }

  /** The policy of a dependency; created with these settings at the first call. */
  of(dependency: string, own: Partial<PolicySettings> = {}): ResiliencePolicy {
    const known = this.#policies.get(dependency);
    if (known) return known;
    const defaults: PolicySettings = { ...defaultSettings, ...own };
    let seen = this.#read();
    let settings = { ...defaults, ...seen.get(dependency) };
    const current = () => {
      const latest = this.#read();
      if (latest === seen) return settings;
      const [before, after] = [seen, latest].map((each) => JSON.stringify(each.get(dependency)));
      seen = latest;
      if (after !== before) settings = { ...defaults, ...latest.get(dependency) };
      return settings;
    };
    const policy = new ResiliencePolicy(dependency, current, this.#clock);
    this.#policies.set(dependency, policy);
    this.#health?.register(`calls to ${dependency}`, () =>
      policy.state === 'open' ? { state: 'degraded', detail: 'the circuit breaker is open' } : 'ok',
    );
    return policy;
  }

  close(): void {
    for (const policy of this.#policies.values()) policy.close();
  }

  #read(): ReturnType<typeof parsePolicies> {
    const text = this.#overrides();
    if (text !== this.#text) [this.#text, this.#parsed] = [text, parsePolicies(text)];
    return this.#parsed;
  }
}
