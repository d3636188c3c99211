import type { Clock } from '@fieldguide/clock';
import { metrics } from '@fieldguide/telemetry';
import CircuitBreaker from 'opossum';

export interface ResilienceSettings {
  /** What is called: shown in metrics and errors. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Further attempts after a failure; 0 for anything that is not safe to repeat. */
  readonly retries?: number;
  /** Part of the calls that must fail before the breaker opens, in percent. */
  readonly errorThresholdPercentage?: number;
  /** So many calls within ten seconds it takes to judge. */
  readonly minimumCalls?: number;
  /** How long an open breaker waits before it lets one call try. */
  readonly resetAfterMs?: number;
  readonly clock: Clock;
  /** 0 ≤ x < 1, for the jitter. */
  readonly random?: () => number;
}

/** The call did not succeed: no connection, no answer in time, breaker open, or what the call itself threw. */
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
 * Thrown by a call to say that its failure tells nothing about the health of the dependency: it has answered, or the
 * caller ended the call. The breaker does not count it, and it is not retried.
 */
export class UncountedError extends Error {
  override name = 'UncountedError';
}

/** Whether a status tells that a dependency is away or overloaded; any other is an answer to this one request. */
export const isOutage = (status: number): boolean => status >= 502 && status <= 504;

// Retries may add a tenth to the load at most (a token bucket, as in gRPC's retry throttling).
const BUDGET_MAX = 10;
const BUDGET_PER_CALL = 0.1;

/**
 * One dependency behind a time limit, a breaker (opossum) and a bounded, jittered, budgeted retry. Make one for each
 * dependency, never one for several: a sick one would take the healthy ones down.
 */
export class ResiliencePolicy {
  readonly #settings: ResilienceSettings;
  readonly #breaker: CircuitBreaker<[(signal: AbortSignal) => Promise<unknown>], unknown>;
  #budget = BUDGET_MAX;

  constructor(settings: ResilienceSettings) {
    this.#settings = settings;
    const { name, timeoutMs, errorThresholdPercentage = 50 } = settings;
    const { minimumCalls = 5, resetAfterMs = 5_000 } = settings;
    // The signal ends the call itself; opossum's own timeout would only stop waiting for it.
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
