import { Clock } from '../clock.ts';
import { Ids } from '../ids.ts';

export { slowness } from './slowness.ts';

/** A clock that advances only by `advance`; `sleep` resolves when its time is reached. */
export class ManualClock extends Clock {
  #now: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(start = '2030-01-01T12:00:00.000Z') {
    super();
    this.#now = Date.parse(start);
  }

  override now(): Date {
    return new Date(this.#now);
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
    });
  }

  /** Advances the time and resolves every `sleep` that is due. */
  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const sleeper of due) sleeper.wake();
  }
}

/** Ids in sequence: `00000000-0000-7000-8000-000000000001`, …2, …3. */
export class CountingIds extends Ids {
  #last = 0;

  override next(): string {
    this.#last += 1;
    return `00000000-0000-7000-8000-${String(this.#last).padStart(12, '0')}`;
  }
}
