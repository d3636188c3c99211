import {
  type BackgroundLoop,
  type LoopSettings,
  startWorker,
  UnitOfWorkRunner,
} from '@fieldguide/database';
import { inSpan } from '@fieldguide/telemetry';
import { Injectable, Logger } from '@nestjs/common';
import { OpenCheckout } from '../open-checkouts/open-checkout.entity.ts';
import { OpenCheckouts } from '../open-checkouts/open-checkouts.ts';

const BATCH_SIZE = 20;
const CLAIM_MS = 15_000;

/** Tells orders that their time is up. An answer that comes at that moment meets the same stream: one of them wins. */
@Injectable()
export class ExpireDeadlines {
  readonly #log = new Logger('expire-deadlines');

  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly checkouts: OpenCheckouts,
  ) {}

  start(loop: Pick<LoopSettings, 'notifier' | 'clock' | 'log'>): BackgroundLoop {
    const settings = { ...loop, name: 'expire-deadlines', channel: 'deadlines' };
    return startWorker(settings, async () => (await this.once()) === BATCH_SIZE);
  }

  /** One round: everything that is due. @returns how many were due */
  async once(): Promise<number> {
    const due = await this.units.run((uow) =>
      uow.claim(OpenCheckout, 'deadlineAt', CLAIM_MS, BATCH_SIZE),
    );
    await Promise.all(due.map((checkout) => this.#expire(checkout)));
    return due.length;
  }

  async #expire({ orderId, step }: OpenCheckout): Promise<void> {
    try {
      await inSpan('work', 'expire deadline', { order: orderId }, () =>
        this.units.run((tx) =>
          this.checkouts.handle(orderId, { type: 'ExpireDeadline', data: { step } }, tx),
        ),
      );
    } catch (error) {
      // The claim runs out in a while and it is tried again.
      this.#log.warn(`The deadline of order ${orderId} waits: ${(error as Error).message}`);
    }
  }
}
