import { setTimeout as delay } from 'node:timers/promises';

/**
 * Source of time for all services, so that a test or a simulation can control it.
 * Never call `Date.now()` or `setTimeout` in a service: inject this.
 */
export abstract class Clock {
  /** The current time, UTC. */
  abstract now(): Date;

  /** Resolves after `ms` milliseconds, or rejects with `AbortError` when `signal` aborts. */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;

  /** The time `ms` milliseconds from now (negative: in the past). */
  fromNow(ms: number): Date {
    return new Date(this.now().getTime() + ms);
  }
}

/** The system clock. A pending `sleep` does not keep the process alive. */
export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await delay(ms, undefined, { ref: false, ...(signal && { signal }) });
  }
}
