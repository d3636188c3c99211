import { Clock } from '@fieldguide/clock';
import { ProductChanged } from '@fieldguide/contracts/catalog';
import { Messaging } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';

const FRESH_MS = 15_000;

/** How fresh the prices we heard are: as of the last moment at which there was nothing more to hear. */
@Injectable()
export class PriceView {
  #caughtUpAt: Date | undefined;

  constructor(
    private readonly messaging: Messaging,
    private readonly clock: Clock,
  ) {}

  /** Looks whether every change that was published has been taken in; the answer is that there is no more to do. */
  async check(): Promise<false> {
    const asked = this.clock.now();
    if ((await this.messaging.lag('ordering', [ProductChanged.topic])) === 0)
      this.#caughtUpAt = asked;
    return false;
  }

  /** Undefined as long as it never caught up. */
  get asOf(): Date | undefined {
    return this.#caughtUpAt;
  }

  get isFresh(): boolean {
    return this.#caughtUpAt !== undefined && this.#caughtUpAt >= this.clock.fromNow(-FRESH_MS);
  }
}
