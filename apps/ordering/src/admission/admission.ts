import { Clock } from '@fieldguide/clock';
import { metrics } from '@fieldguide/telemetry';
import { Injectable } from '@nestjs/common';
import { deadlineOf, stepsEndedByDeadline } from '../checkout/checkout.model.ts';
import { errors } from '../order/order.errors.ts';
import { OrderingConfig } from '../ordering.config.ts';
import {
  type Allowance,
  allowanceAfter,
  type BacklogSample,
  retryAfterSeconds,
} from './allowance.ts';

/** An older allowance decides nothing: a sample that cannot be taken must not stop the shop. */
const VALID_MS = 10_000;

const admissions = metrics.counter(
  'checkout_admissions_total',
  'New orders, by outcome: admitted, refused (because the checkout is behind)',
  ['outcome'],
);
const waitSeconds = metrics.gauge(
  'checkout_expected_wait_seconds',
  'How long a new order is expected to wait for inventory and payments; an hour at most',
);
const answeredPerSecond = metrics.gauge(
  'checkout_answered_per_second',
  'Orders that inventory and payments finish with in a second while orders wait for them',
);

/**
 * Refuses new orders while the checkout is behind, before they are acknowledged: an order that has to wait longer than its
 * deadline ends as rejected, and its compensations delay the orders behind it.
 */
@Injectable()
export class Admission {
  #allowance: Allowance | undefined;
  #validUntil = new Date(0);
  /** Since the last sample. Orders in progress count too: the sample did not see them yet. */
  #admitted = 0;
  #placed = 0;
  #inProgress = 0;

  constructor(
    private readonly config: OrderingConfig,
    private readonly clock: Clock,
  ) {}

  /** Places an order that does not exist yet. @throws DomainError checkoutOverloaded, and what `place` throws */
  async admit<Result>(orderId: string, place: () => Promise<Result>): Promise<Result> {
    const { room = 0, waitSeconds = 0 } = this.#allowance ?? {};
    const isValid = this.clock.now() < this.#validUntil;
    if (isValid && this.#admitted >= room) {
      admissions.inc({ outcome: 'refused' });
      throw errors.checkoutOverloaded().retryAfter(retryAfterSeconds(waitSeconds, orderId));
    }
    admissions.inc({ outcome: 'admitted' });
    this.#admitted += 1;
    this.#inProgress += 1;
    try {
      const placed = await place();
      this.#placed += 1;
      return placed;
    } finally {
      this.#inProgress -= 1;
    }
  }

  /** Call it before a sample is read. @returns the orders that this process has placed since the last call */
  startSample(): number {
    const placed = this.#placed;
    this.#placed = 0;
    this.#admitted = this.#inProgress;
    return placed;
  }

  /** Decides from this sample until the next one. */
  apply(sample: BacklogSample): void {
    const deadlines = stepsEndedByDeadline.map(
      ({ whileStatus }) => this.config[deadlineOf[whileStatus]],
    );
    this.#allowance = allowanceAfter(this.#allowance, sample, {
      waitSecondsMax: (Math.min(...deadlines) / 1_000) * this.config.CHECKOUT_WAIT_SHARE_MAX,
      waitingMin: this.config.CHECKOUTS_WAITING_MIN,
    });
    this.#validUntil = this.clock.fromNow(VALID_MS);
    waitSeconds.set(Math.min(3_600, this.#allowance.waitSeconds));
    answeredPerSecond.set(this.#allowance.answeredPerSecond);
  }
}
