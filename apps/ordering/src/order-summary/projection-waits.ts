import type { Clock } from '@fieldguide/clock';
import type { Notifier } from '@fieldguide/database';
import type { SeenVersion } from '../consistency-token/consistency-token.ts';

/** The hint that the order view has taken in events. */
export const PROJECTION_ADVANCED = 'view:order-summary';

// A hint may be lost; and while the view moves all the time, one look in a few milliseconds is enough for everybody.
const POLL_MS = 250;
const PAUSE_MS = 10;
const WAITING_MAX = 200;

interface Waiting extends SeenVersion {
  readonly until: number;
  readonly settle: (isThere: boolean) => void;
}

/**
 * Reads that wait until the order view has what their callers have seen. However many wait, one query at a time looks
 * for all of them.
 */
export class ProjectionWaits {
  readonly #waiting = new Set<Waiting>();
  #polling: Promise<void> | undefined;

  constructor(
    /** The versions in the view of those of these orders that it has. */
    private readonly readVersions: (
      orderIds: readonly string[],
    ) => Promise<ReadonlyMap<string, number>>,
    private readonly notifier: Notifier,
    private readonly clock: Clock,
  ) {}

  /** @returns false when the view was not that far in time, or when too many wait already */
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
        const moved = this.notifier.wait(PROJECTION_ADVANCED, this.#pauseMs(), over.signal); // before the look: none is missed
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
      this.#polling = undefined; // here, in one step with the last look at who waits
    }
  }

  /** Until the next look, but not past the moment at which the first of them gives up. */
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
