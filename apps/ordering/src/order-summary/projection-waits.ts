import type { Clock } from '@fieldguide/clock';
import type { Notifier } from '@fieldguide/database';
import type { Seen } from '../consistency-token/consistency-token.ts';

/** The hint that the order view has taken in events. */
export const VIEW_MOVED = 'view:order-summary';

// A hint may be lost; and while the view moves all the time, one look in a few milliseconds is enough for everybody.
const LOOK_AGAIN_MS = 250;
const PAUSE_MS = 10;
const WAITING_MAX = 200;

interface Waiting extends Seen {
  readonly until: number;
  readonly settle: (isThere: boolean) => void;
}

/**
 * Reads that wait until the order view has what their callers have seen. However many wait, one query at a time looks
 * for all of them.
 */
export class ViewWaits {
  readonly #waiting = new Set<Waiting>();
  #looking: Promise<void> | undefined;

  constructor(
    /** The versions in the view of those of these orders that it has. */
    private readonly look: (orderIds: readonly string[]) => Promise<ReadonlyMap<string, number>>,
    private readonly notifier: Notifier,
    private readonly clock: Clock,
  ) {}

  /** @returns false when the view was not that far in time, or when too many wait already */
  async until(seen: Seen, timeoutMs: number): Promise<boolean> {
    if (this.#waiting.size >= WAITING_MAX) return false;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const until = this.clock.fromNow(timeoutMs).getTime();
    this.#waiting.add({ ...seen, until, settle: resolve });
    this.#looking ??= this.#lookForAll();
    this.#looking.catch(reject);
    return promise;
  }

  async #lookForAll(): Promise<void> {
    const over = new AbortController();
    try {
      while (this.#waiting.size > 0) {
        const moved = this.notifier.wait(VIEW_MOVED, this.#pauseMs(), over.signal); // before the look: none is missed
        const versions = await this.look([...this.#waiting].map(({ orderId }) => orderId));
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
      this.#looking = undefined; // here, in one step with the last look at who waits
    }
  }

  /** Until the next look, but not past the moment at which the first of them gives up. */
  #pauseMs(): number {
    const now = this.clock.now().getTime();
    const first = Math.min(...[...this.#waiting].map(({ until }) => until));
    return Math.max(1, Math.min(LOOK_AGAIN_MS, first - now));
  }

  #end(waiting: Waiting, isThere: boolean): void {
    this.#waiting.delete(waiting);
    waiting.settle(isThere);
  }
}
