import { Clock } from '@fieldguide/clock';
import { ProductChanged } from '@fieldguide/contracts/catalog';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { Messaging, waitingKeys } from '@fieldguide/messaging';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { PriceView } from './price-view.entity.ts';

const CHECK_EVERY_MS = 5_000;
const FRESH_MS = 15_000;
const STORE_EVERY_MS = 60_000;
const WAITING_KEYS_MAX = 1_000;

/**
 * Tracks since when the local copy of the catalog's prices is current: the last moment without unread changes. A change
 * that is parked as a dead letter is missing, so the price of its product is at most as recent as that moment.
 */
@Injectable()
export class PriceFreshness extends BackgroundWorker {
  override readonly runsIn = 'every';
  #caughtUpAt: Date | undefined;
  #storedAt: Date | undefined;
  #parkedSince: ReadonlyMap<string, Date> = new Map();

  constructor(
    private readonly messaging: Messaging,
    private readonly database: Database,
    private readonly units: UnitOfWorkRunner,
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
    if (!this.#caughtUpAt) await this.#restore();
    const checkedAt = this.clock.now();
    if ((await this.messaging.lag('ordering', [ProductChanged.topic])) !== 0) return false;
    if (!(await this.#readParked())) return false;
    this.#caughtUpAt = checkedAt;
    await this.#store(checkedAt);
    return false;
  }

  /** After a restart: without Kafka and catalog, known products are sold at prices as old as they were before it. */
  async #restore(): Promise<void> {
    const view = await this.units.run((uow) => uow.load(PriceView, ProductChanged.topic));
    if (view && (await this.#readParked())) this.#caughtUpAt = view.caughtUpAt;
  }

  /** Once a minute is enough: the prices appear older by that after a restart. */
  async #store(caughtUpAt: Date): Promise<void> {
    if (this.#storedAt && this.#storedAt > this.clock.fromNow(-STORE_EVERY_MS)) return;
    await this.units.run(async (uow) => {
      const view = (await uow.load(PriceView, ProductChanged.topic)) ?? new PriceView();
      if (view.caughtUpAt >= caughtUpAt) return; // by another instance
      await uow.save(PriceView, Object.assign(view, { topic: ProductChanged.topic, caughtUpAt }));
    });
    this.#storedAt = caughtUpAt;
  }

  /** @returns false when there are too many to read */
  async #readParked(): Promise<boolean> {
    const waiting = await waitingKeys(this.database, ProductChanged.topic, WAITING_KEYS_MAX);
    if (waiting.length === WAITING_KEYS_MAX) return false;
    this.#parkedSince = new Map(waiting.map(({ key, since }) => [key, since]));
    return true;
  }

  /** Returns the time of the prices; undefined until the copy has caught up once, in this process or before it. */
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
