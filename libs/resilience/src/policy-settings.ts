/** How one dependency is called. */
export interface PolicySettings {
  /** Time limit of one attempt. */
  readonly timeoutMs: number;
  /** Further attempts after a failure, for calls that may be repeated. */
  readonly retries: number;
  /** Percentage of failed calls above which the breaker opens. */
  readonly errorThresholdPercentage: number;
  /** Minimum number of calls within the window before the breaker can open. */
  readonly minimumCalls: number;
  /** Period whose calls the breaker judges by. */
  readonly windowMs: number;
  /** Time that the breaker stays open before it lets one trial call through. */
  readonly resetAfterMs: number;
  /** Concurrent calls; further ones fail immediately. */
  readonly capacity: number;
}

// Of several instances one that fails is ejected after its fourth failure (libs/discovery): three are never more than half
// of seven calls, so the breaker of the service stays closed.
const MINIMUM_CALLS = 7;

export const defaultSettings: PolicySettings = {
  timeoutMs: 2_000,
  retries: 2,
  errorThresholdPercentage: 50,
  minimumCalls: MINIMUM_CALLS,
  windowMs: 10_000,
  resetAfterMs: 5_000,
  capacity: 256,
};

/**
 * Reads settings of dependencies from a text such as `catalog:timeoutMs=1500,payment-provider:resetAfterMs=2000`.
 * @throws Error that names the first part that is not valid
 */
export function parsePolicies(text: string): ReadonlyMap<string, Partial<PolicySettings>> {
  const policies = new Map<string, Record<string, number>>();
  for (const part of text.split(',').filter((each) => each.trim())) {
    const [, name, key, value] = /^\s*([a-z0-9-]+):(\w+)=(\d+)\s*$/.exec(part) ?? [];
    const isKnown = key !== undefined && key in defaultSettings;
    if (!name || !isKnown || (Number(value) === 0 && key !== 'retries')) {
      const keys = Object.keys(defaultSettings).join(', ');
      throw new Error(`"${part}" is not DEPENDENCY:SETTING=NUMBER; settings: ${keys}`);
    }
    policies.set(name, { ...policies.get(name), [key]: Number(value) });
  }
  return policies;
}
