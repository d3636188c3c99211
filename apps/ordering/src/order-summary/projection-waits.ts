import type { Clock } from '@fieldguide/clock';
import { projectionAdvanced } from '@fieldguide/event-store';
import type { Notifier } from '@fieldguide/workers';
import type { SeenVersion } from '../consistency-token/consistency-token.ts';

export const PROJECTION_ADVANCED = projectionAdvanced('order-summary');

// A notification may be lost. While the projection advances all the time, one read per `PAUSE_MS` serves all waiting reads.
const POLL_MS = 250;
const PAUSE_MS = 10;
const WAITING_MAX = 200;

interface Waiting extends SeenVersion {
  readonly until: number;
  readonly settle: (isThere: boolean) => void;
}

/**
 * Lets reads wait until the order projection includes the version that their callers have seen. One query at a time
 * serves all waiting reads.
 */
export class ProjectionWaits {
  readonly #waiting = new Set<Waiting>();
  #polling: Promise<void> | undefined;

  constructor(
    /** Returns the projected version of each of these orders that has a row. */
    private readonly readVersions: (
      orderIds: readonly string[],
    ) => Promise<ReadonlyMap<string, number>>,
    private readonly notifier: Notifier,
    private readonly clock: Clock,
  ) {}

  /** @returns false on timeout, or when `WAITING_MAX` reads wait already */
  async until(seen: SeenVersion, timeoutMs: number): Promise<boolean> {
    if (this.#waiting.size >= WAITING_MAX) return false;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const until = this.clock.fromNow(timeoutMs).getTime();
    this.#waiting.add({ ...seen, until, settle: resolve });
    this.#polling ??= this.#pollForAll();
    this.#polling.catch(reject);
    return promise;
  }

  async #pollForAll(): Promise<void> {
    const over = new AbortController();
    try {
      while (this.#waiting.size > 0) {
        const moved = this.notifier.wait(PROJECTION_ADVANCED, this.#pauseMs(), over.signal); // before the read, so that none is missed
        const versions = await this.readVersions([...this.#waiting].map(({ orderId }) => orderId));
        const now = this.clock.now().getTime();
        for (const each of this.#waiting) {
          const isThere = (versions.get(each.orderId) ?? 0) >= each.version;
          if (isThere || each.until <= now) this.#end(each, isThere);
        }
        if (this.#waiting.size === 0) return;
        await moved;
        await this.clock.sleep(PAUSE_MS);
      }
    } finally {
      over.abort();
      this.#waiting.clear();
      this.#polling = undefined; // in the same tick as the last check of waiting reads
    }
  }

  /** Time until the next read, at most until the first timeout. */
  #pauseMs(): number {
    const now = this.clock.now().getTime();
    const first = Math.min(...[...this.#waiting].map(({ until }) => until));
    return Math.max(1, Math.min(POLL_MS, first - now));
  }

  #end(waiting: Waiting, isThere: boolean): void {
    this.#waiting.delete(waiting);
    waiting.settle(isThere);
  }
}
