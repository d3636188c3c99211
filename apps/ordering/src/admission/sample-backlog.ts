import { Clock } from '@fieldguide/clock';
import { Database } from '@fieldguide/database';
import { countEvents } from '@fieldguide/event-store';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import type { OrderEvent } from '../order/order.events.ts';
import { Admission } from './admission.ts';

const EVERY_MS = 1_000;
/** After a longer pause the next sample starts again: the events in between may be many. */
const PAUSE_MS_MAX = 10_000;

/** Inventory and payments have answered: the order is confirmed, or they have refused it. A timeout is no answer. */
const ANSWERED: readonly OrderEvent['type'][] = [
  'OrderConfirmed',
  'StockRefused',
  'PaymentDeclined',
];

/** Samples how far behind the checkout is once a second, in every process that may place orders. */
@Injectable()
export class SampleBacklog extends BackgroundWorker {
  override readonly runsIn = 'every';
  #last: { readonly position: string; readonly at: number } | undefined;

  constructor(
    private readonly database: Database,
    private readonly admission: Admission,
    private readonly clock: Clock,
  ) {
    super();
  }

  override start(context: WorkerContext): BackgroundLoop {
    const settings = { ...context, name: 'sample-backlog', channel: 'backlog', idleMs: EVERY_MS };
    return startWorker(settings, () => this.sample());
  }

  /** Takes one sample. @returns false: the worker waits for the next round */
  async sample(): Promise<false> {
    const last = this.#last;
    const at = this.clock.now().getTime();
    const isCurrent = last !== undefined && at - last.at < PAUSE_MS_MAX;
    const placedHere = this.admission.startSample();
    const { position, counts } = await countEvents(
      this.database,
      isCurrent ? last.position : undefined,
    );
    const waiting = await countWaiting(this.database);
    this.#last = { position, at };
    if (!isCurrent) return false;
    const countOf = (type: OrderEvent['type']) => counts.get(type) ?? 0;
    const answered = ANSWERED.reduce((sum, type) => sum + countOf(type), 0);
    const seconds = (at - last.at) / 1_000;
    this.admission.apply({
      seconds,
      waiting,
      placed: countOf('OrderPlaced'),
      placedHere,
      answered,
    });
    return false;
  }
}

/** Counts the orders that wait for inventory or payments: their deadline would end them. */
export async function countWaiting(database: Database): Promise<number> {
  // Literals, as in the condition of the index.
  const [row] = await database.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM open_checkouts
     WHERE step IN ('placed', 'awaitingPayment')`,
  );
  return row!.waiting;
}
