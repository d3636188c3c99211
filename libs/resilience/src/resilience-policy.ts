import type { Clock } from '@fieldguide/clock';
import { metrics } from '@fieldguide/telemetry';
import CircuitBreaker from 'opossum';
import { currentDeadline } from './deadline.ts';
import {
  CallFailedError,
  DeadlineExceededError,
  isUncounted,
  reasonOf,
  UncountedError,
  UnsentError,
} from './errors.ts';
import type { PolicySettings } from './policy-settings.ts';

/** One call to a dependency. */
export interface Call<T> {
  /** Sends it once, and ends within the limit. */
  send(limit: TimeLimit): Promise<T>;
  /** Whether it may be sent again after this failure; by default only when nothing was sent. */
  mayRepeat?(reason: unknown): boolean;
  /** The result when the dependency has failed or is not called. */
  fallback?(error: CallFailedError): T | Promise<T>;
}

/** How long an attempt may take. */
export class TimeLimit {
  constructor(
    readonly ms: number,
    /** When it ends, in milliseconds since 1970: for the header of the deadline. */
    readonly endsAt: number,
  ) {}

  /** Aborts when the time limit has passed. A timer of its own costs less. */
  get signal(): AbortSignal {
    return AbortSignal.timeout(this.ms);
  }
}

// Retries add at most a tenth to the load (a token bucket, as in gRPC's retry throttling).
const BUDGET_MAX = 10;
const BUDGET_PER_CALL = 0.1;
const RETRY_WITHIN_MS = 100;

/**
 * Calls one dependency with time limits, a breaker (opossum), a bound of concurrent calls, and retries with full jitter
 * and a budget. The breaker counts a call with its retries once. Create one for each dependency: a shared breaker would
 * block the healthy ones when one fails.
 */
export class ResiliencePolicy {
  readonly #settings: () => PolicySettings;
  readonly #clock: Clock;
  readonly #random: () => number;
  #current: PolicySettings;
  #breaker: CircuitBreaker<[Call<unknown>], unknown>;
  #budget = BUDGET_MAX;

  /**
   * @param name the dependency, in metrics and errors
   * @param settings may change at any time: then the policy starts again with a closed breaker
   */
  constructor(
    readonly name: string,
    settings: () => PolicySettings,
    clock: Clock,
    random: () => number = Math.random,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#current = settings();
    this.#breaker = this.#newBreaker();
  }

  get state(): 'closed' | 'halfOpen' | 'open' {
    if (this.#breaker.opened) return 'open';
    return this.#breaker.halfOpen ? 'halfOpen' : 'closed';
  }

  /** @throws CallFailedError */
  async run<T>(call: Call<T>): Promise<T> {
    const settings = this.#settings();
    if (settings !== this.#current) {
      this.#current = settings;
      this.#breaker.shutdown();
      this.#breaker = this.#newBreaker();
    }
    this.#budget = Math.min(this.#budget + BUDGET_PER_CALL, BUDGET_MAX);
    try {
      return (await this.#breaker.fire(call)) as T;
    } catch (error) {
      throw error instanceof CallFailedError ? error : new CallFailedError(this.name, error);
    }
  }

  close(): void {
    this.#breaker.shutdown();
  }

  async #attempts(call: Call<unknown>): Promise<unknown> {
    const { retries, timeoutMs } = this.#current;
    const deadline = currentDeadline();
    for (let attempt = 0; ; attempt++) {
      const now = this.#clock.now().getTime();
      const ms = deadline === undefined ? timeoutMs : Math.min(timeoutMs, deadline - now);
      if (ms <= 0) throw new DeadlineExceededError();
      try {
        return await call.send(new TimeLimit(ms, now + ms));
      } catch (error) {
        const reason = reasonOf(error);
        const mayRepeat = reason instanceof UnsentError || call.mayRepeat?.(reason);
        if (!mayRepeat || reason instanceof UncountedError) throw error;
        // A half-open breaker lets one call through, and an open one none.
        if (attempt >= retries || this.#budget < 1 || !this.#breaker.closed) throw error;
        this.#budget -= 1;
        // What was not sent is no load for the dependency.
        if (!(reason instanceof UnsentError))
          await this.#clock.sleep(this.#random() * RETRY_WITHIN_MS * 2 ** attempt);
      }
    }
  }

  #newBreaker(): CircuitBreaker<[Call<unknown>], unknown> {
    const { errorThresholdPercentage, resetAfterMs, minimumCalls, windowMs, capacity } =
      this.#current;
    const { name } = this;
    const breaker: CircuitBreaker<[Call<unknown>], unknown> = new CircuitBreaker(
      (call: Call<unknown>) => this.#attempts(call),
      {
        name,
        timeout: false, // would only stop waiting for the call, not end it
        errorThresholdPercentage,
        resetTimeout: resetAfterMs,
        volumeThreshold: minimumCalls,
        rollingCountTimeout: windowMs,
        capacity,
        errorFilter: (error) => isUncounted(error, breaker.halfOpen),
        rollingPercentilesEnabled: false,
        enableSnapshots: false,
      },
    );
    breaker.fallback((call: Call<unknown>, error: Error) => {
      const failed = new CallFailedError(name, error);
      if (!call.fallback) throw failed;
      return call.fallback(failed);
    });
    const show = (state: number) => () => metrics.breakerState.set({ breaker: name }, state);
    breaker.on('close', show(0)).on('halfOpen', show(1)).on('open', show(2));
    show(0)();
    return breaker;
  }
}
