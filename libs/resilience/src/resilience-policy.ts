import type { Clock } from '@fieldguide/clock';
import { metrics } from '@fieldguide/telemetry';
import CircuitBreaker from 'opossum';

export interface ResilienceSettings {
  /** Name of the dependency in metrics and errors. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Further attempts after a failure; 0 for calls that are not safe to repeat. */
  readonly retries?: number;
  /** Percentage of failed calls at which the breaker opens. */
  readonly errorThresholdPercentage?: number;
  /** Minimum number of calls within ten seconds before the breaker can open. */
  readonly minimumCalls?: number;
  /** Time that the breaker stays open before it lets one trial call through. */
  readonly resetAfterMs?: number;
  readonly clock: Clock;
  /** 0 ≤ x < 1, for the jitter. */
  readonly random?: () => number;
}

/** The call failed: no connection, timeout, breaker open, or an error of the call itself. */
export class CallFailedError extends Error {
  override name = 'CallFailedError';
  /** True when nothing was sent, because the breaker is open. */
  readonly shortCircuited: boolean;

  constructor(name: string, cause: unknown) {
    const open = (cause as { code?: string }).code === 'EOPENBREAKER';
    super(`${name}: ${open ? 'the circuit breaker is open' : (cause as Error).message}`, { cause });
    this.shortCircuited = open;
  }
}

/**
 * Thrown by a call whose failure does not concern the health of the dependency: it has responded, or the
 * caller aborted the call. The breaker does not count it, and it is not retried.
 */
export class UncountedError extends Error {
  override name = 'UncountedError';
}

/** Whether a status means that a dependency is unreachable or overloaded; any other concerns only this request. */
export const isOutage = (status: number): boolean => status >= 502 && status <= 504;

// Retries add at most a tenth to the load (a token bucket, as in gRPC's retry throttling).
const BUDGET_MAX = 10;
const BUDGET_PER_CALL = 0.1;

/**
 * Calls one dependency with a time limit, a breaker (opossum) and bounded, jittered, budgeted retries. Create one for
 * each dependency: a shared breaker would block the healthy ones when one fails.
 */
export class ResiliencePolicy {
  readonly #settings: ResilienceSettings;
  readonly #breaker: CircuitBreaker<[(signal: AbortSignal) => Promise<unknown>], unknown>;
  #budget = BUDGET_MAX;

  constructor(settings: ResilienceSettings) {
    this.#settings = settings;
    const { name, timeoutMs, errorThresholdPercentage = 50 } = settings;
    const { minimumCalls = 5, resetAfterMs = 5_000 } = settings;
    // The signal aborts the call itself; opossum's own timeout would only stop waiting for it.
    this.#breaker = new CircuitBreaker((call) => call(AbortSignal.timeout(timeoutMs)), {
      name,
      timeout: false,
      errorThresholdPercentage,
      resetTimeout: resetAfterMs,
      volumeThreshold: minimumCalls,
      rollingCountTimeout: 10_000,
      errorFilter: (error) => error instanceof UncountedError,
    });
    const show = (state: number) => () => metrics.breakerState.set({ breaker: name }, state);
    this.#breaker.on('close', show(0)).on('halfOpen', show(1)).on('open', show(2));
    show(0)();
  }

  get state(): 'closed' | 'halfOpen' | 'open' {
    if (this.#breaker.opened) return 'open';
    return this.#breaker.halfOpen ? 'halfOpen' : 'closed';
  }

  /** @throws CallFailedError */
  async run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { name, retries = 0, clock, random = Math.random } = this.#settings;
    this.#budget = Math.min(this.#budget + BUDGET_PER_CALL, BUDGET_MAX);
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#breaker.fire(call)) as T;
      } catch (error) {
        const failed = new CallFailedError(name, error);
        if (attempt >= retries || failed.shortCircuited || error instanceof UncountedError)
          throw failed;
        if (this.#budget < 1) throw failed;
        this.#budget -= 1;
        await clock.sleep(random() * 100 * 2 ** attempt);
      }
    }
  }

  close(): void {
    this.#breaker.shutdown();
  }
}
