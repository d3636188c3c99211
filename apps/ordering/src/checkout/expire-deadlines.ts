import { UnitOfWorkRunner } from '@fieldguide/database';
import { inSpan } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable, Logger } from '@nestjs/common';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { OpenCheckout } from './checkout-deadlines.ts';

const BATCH_SIZE = 20;
const CLAIM_MS = 15_000;

/** Expires deadlines. A reply at the same moment appends to the same stream: exactly one of the two wins. */
@Injectable()
export class ExpireDeadlines extends BackgroundWorker {
  readonly #log = new Logger('expire-deadlines');

  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly orders: OrderCommandHandler,
  ) {
    super();
  }

  override start(context: WorkerContext): BackgroundLoop {
    const settings = { ...context, name: 'expire-deadlines', channel: 'deadlines' };
    return startWorker(settings, async () => (await this.once()) === BATCH_SIZE);
  }

  /** Handles one batch of due checkouts. @returns how many were due */
  async once(): Promise<number> {
    const due = await this.units.run((uow) =>
      uow.claim(OpenCheckout, 'deadlineAt', CLAIM_MS, BATCH_SIZE),
    );
    await Promise.all(due.map((checkout) => this.#expire(checkout)));
    return due.length;
  }

  async #expire({ orderId, step }: OpenCheckout): Promise<void> {
    try {
      await this.units.run(async (tx) => {
        const loaded = await this.orders.load(orderId, tx);
        const attributes = { 'order.id': orderId };
        // The messages that follow continue the trace of the order, not one of this loop.
        const from = { ...loaded.events.at(-1) };
        await inSpan({ kind: 'work', name: 'expire deadline', attributes, from }, () =>
          this.orders.handle(orderId, { type: 'ExpireDeadline', data: { step } }, tx, { loaded }),
        );
      });
    } catch (error) {
      // Retried when the claim expires.
      this.#log.warn(
        `Cannot expire the deadline of order ${orderId}, retrying in ${CLAIM_MS / 1_000} s: ${(error as Error).message}`,
      );
    }
  }
}
