import { Clock } from '@fieldguide/clock';
import { ProductChanged } from '@fieldguide/contracts/catalog';
import { Database } from '@fieldguide/database';
import { Messaging, waitingKeys } from '@fieldguide/messaging';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';

const CHECK_EVERY_MS = 5_000;
const FRESH_MS = 15_000;
const WAITING_KEYS_MAX = 1_000;

/**
 * Tracks since when the local copy of the catalog's prices is current: the last moment without unread changes. A change
 * that is parked as a dead letter is missing, so the price of its product is at most as recent as that moment.
 */
@Injectable()
export class PriceFreshness extends BackgroundWorker {
  override readonly runsIn = 'every';
  #caughtUpAt: Date | undefined;
  #parkedSince: ReadonlyMap<string, Date> = new Map();

  constructor(
    private readonly messaging: Messaging,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override start(context: WorkerContext): BackgroundLoop {
    const settings = { ...context, name: 'price-view', channel: 'prices', idleMs: CHECK_EVERY_MS };
    return startWorker(settings, () => this.check());
  }

  /** Checks whether every published change is consumed. @returns false: the worker waits for the next round */
  async check(): Promise<false> {
    const checkedAt = this.clock.now();
    if ((await this.messaging.lag('ordering', [ProductChanged.topic])) !== 0) return false;
    const waiting = await waitingKeys(this.database, ProductChanged.topic, WAITING_KEYS_MAX);
    if (waiting.length === WAITING_KEYS_MAX) return false;
    this.#parkedSince = new Map(waiting.map(({ key, since }) => [key, since]));
    this.#caughtUpAt = checkedAt;
    return false;
  }

  /** Returns the time of the prices; undefined until the copy has caught up once. */
  asOf(productIds: readonly string[]): Date | undefined {
    if (!this.#caughtUpAt) return undefined;
    // A record without a key may be about any product.
    const parked = ['', ...productIds].flatMap((id) => this.#parkedSince.get(id) ?? []);
    return new Date(Math.min(this.#caughtUpAt.getTime(), ...parked.map((at) => at.getTime())));
  }

  isFresh(productIds: readonly string[]): boolean {
    const asOf = this.asOf(productIds);
    return asOf !== undefined && asOf >= this.clock.fromNow(-FRESH_MS);
  }
}
