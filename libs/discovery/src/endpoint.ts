import type { Instance } from './registry.ts';

/**
 * How a request ended. `unreachable`: no connection was made. `abandoned`: the caller left first. An instance that
 * answers any 5xx has `failed`, and one that answers much later than the others counts as such.
 */
export type Outcome = 'ok' | 'failed' | 'unreachable' | 'abandoned';

const SLOW_START_MS = 5_000;
const WEIGHT_MIN = 0.1;
// Shares and averages weigh the last request by a tenth: they cover about the last twenty.
const LAST = 0.1;

/** One instance with what this process has seen of it. */
export class Endpoint {
  /** Requests that have not ended. */
  inFlight = 0;
  /** Recent share of failed requests, 0 to 1. */
  failing = 0;
  /** Recent average time to respond; undefined before the first response. */
  averageMs: number | undefined;
  /** While it is ejected: the time of the trial request that may bring it back. */
  ejectedUntil: number | undefined;
  /** Consecutive ejections. */
  ejections = 0;
  isOnTrial = false;

  /** @param since start of the slow start; -Infinity for an instance that was there before this process */
  constructor(
    readonly instance: Instance,
    private readonly learn: (endpoint: Endpoint, outcome: Outcome, ms: number, now: number) => void,
    public since: number,
  ) {}

  get isEjected(): boolean {
    return this.ejectedUntil !== undefined;
  }

  /** Its share of requests compared with a warm instance: grows to 1 within five seconds. */
  weight(nowMs: number): number {
    const age = nowMs - this.since;
    return age >= SLOW_START_MS ? 1 : Math.max(WEIGHT_MIN, age / SLOW_START_MS);
  }

  record(isFailure: boolean, tookMs: number | undefined): void {
    this.failing += ((isFailure ? 1 : 0) - this.failing) * LAST;
    if (tookMs === undefined) return;
    this.averageMs =
      this.averageMs === undefined ? tookMs : this.averageMs + (tookMs - this.averageMs) * LAST;
  }

  /**
   * Reports how a request ended; call it exactly once for each `next`.
   * @param tookMs until the response began
   */
  ended(outcome: Outcome, tookMs: number, nowMs: number): void {
    this.inFlight -= 1;
    this.learn(this, outcome, tookMs, nowMs);
  }
}
