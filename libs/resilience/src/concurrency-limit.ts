const LIMIT_START = 128;
const LIMIT_MIN = 16;
const WINDOW_MS = 100;
const WINDOW_CALLS = 10;
// A window may be this much slower than the service is without load before the limit falls.
const TOLERANCE = 2;
const TOLERATED_MS = 10;
// What counts as "without load" rises slowly, so that a service that has become slower is not limited for ever.
const DRIFT = 1.001;
const FALL_MAX = 0.7;

/**
 * An adaptive bound of concurrent requests, by the gradient of their latency (as in Netflix's concurrency-limits): it
 * rises while more requests do not make the service slower, and falls when they queue up in it. Requests beyond the
 * limit are to be rejected immediately.
 */
export class ConcurrencyLimit {
  #limit = LIMIT_START;
  #inFlight = 0;
  #inFlightMax = 0;
  #baselineMs = Number.POSITIVE_INFINITY;
  #startedMs = 0;
  #sumMs = 0;
  #count = 0;

  /** @param max upper bound; may change at any time */
  constructor(private readonly max: () => number) {}

  /** Concurrent requests that are allowed now. */
  get limit(): number {
    return Math.min(Math.floor(this.#limit), this.max());
  }

  /** Counts a request in, unless there are too many; then call `ended` once. */
  tryStart(): boolean {
    if (this.#inFlight >= this.limit) return false;
    this.#inFlight += 1;
    if (this.#inFlight > this.#inFlightMax) this.#inFlightMax = this.#inFlight;
    return true;
  }

  /** @param latencyMs until the response began; undefined when that shows nothing about the service's load */
  ended(latencyMs: number | undefined, nowMs: number): void {
    this.#inFlight -= 1;
    if (latencyMs === undefined) return;
    this.#sumMs += latencyMs;
    this.#count += 1;
    if (this.#count < WINDOW_CALLS || nowMs - this.#startedMs < WINDOW_MS) return;
    this.#adapt(this.#sumMs / this.#count);
    [this.#startedMs, this.#sumMs, this.#count, this.#inFlightMax] = [nowMs, 0, 0, this.#inFlight];
  }

  #adapt(latencyMs: number): void {
    this.#baselineMs = Math.min(latencyMs, this.#baselineMs * DRIFT);
    const limit = this.limit;
    // Without this load, latency shows nothing about the limit.
    if (this.#inFlightMax < limit / 2) return;
    const tolerated = this.#baselineMs * TOLERANCE + TOLERATED_MS;
    const gradient = Math.max(FALL_MAX, Math.min(1, tolerated / latencyMs));
    const next = gradient < 1 ? limit * gradient : limit + Math.sqrt(limit);
    this.#limit = Math.max(LIMIT_MIN, Math.min(next, this.max()));
  }
}
