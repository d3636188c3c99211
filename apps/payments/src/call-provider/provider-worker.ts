import {
  type BackgroundLoop,
  type LoopSettings,
  Notifier,
  startWorker,
  type UnitOfWork,
  UnitOfWorkRunner,
} from '@fieldguide/database';
import { inSpan } from '@fieldguide/telemetry';
import { Injectable, Logger } from '@nestjs/common';
import { Payment } from '../payment/payment.entity.ts';
import {
  applyResult,
  isVoidRequested,
  keyOf,
  operationOf,
  requestVoid,
} from '../payment/payment.model.ts';
import { Provider, type Result } from './provider.ts';

const BATCH_SIZE = 16;
// Longer than asking and calling can take, so that nobody takes a payment that is still in hand; short enough that an
// order whose payment was in the hands of a process that died is still in time.
const CLAIM_MS = 10_000;
const BACKOFF_MS_MAX = 30_000;

/**
 * Calls the provider for payments that wait for it, outside any transaction. The key `<paymentId>:<operation>` is
 * the same on every try. After a try whose end nobody knows the provider is asked what became of it; never a second
 * charge.
 */
@Injectable()
export class ProviderWorker {
  readonly #log = new Logger('call-provider');

  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly provider: Provider,
    private readonly notifier: Notifier,
  ) {}

  start(loop: Pick<LoopSettings, 'notifier' | 'clock' | 'log'>): BackgroundLoop {
    const inFlight = new Set<Promise<void>>();
    const settings = { ...loop, name: 'call-provider', channel: 'payments' };
    const running = startWorker(settings, async () => {
      const free = BATCH_SIZE - inFlight.size;
      const claimed = free > 0 ? await this.#claim(free) : [];
      for (const payment of claimed) {
        const call = this.#call(payment).finally(() => {
          inFlight.delete(call);
          this.notifier.notify('payments');
        });
        inFlight.add(call);
      }
      if (inFlight.size >= BATCH_SIZE) return false;
      const isMore = claimed.length === free && claimed.length > 0;
      return isMore || this.units.run((uow) => uow.msUntilDue(Payment, 'callDueAt'));
    });
    return {
      stop: async () => {
        await running.stop();
        await Promise.all(inFlight);
      },
    };
  }

  /** One round: everything that is due, to the end. For tests and simulation. */
  async once(): Promise<void> {
    await Promise.all((await this.#claim(BATCH_SIZE)).map((payment) => this.#call(payment)));
  }

  #claim(limit: number): Promise<Payment[]> {
    return this.units.run(async (uow) => {
      const claimed = await uow.claim(Payment, 'callDueAt', CLAIM_MS, limit);
      for (const payment of claimed) {
        payment.attempts += 1; // before the call: a process that dies in it leaves a trace
        await uow.save(Payment, payment);
      }
      return claimed;
    });
  }

  /** Part of the trace of the request that asked for it, though that was handled long ago. */
  #call(claimed: Payment): Promise<void> {
    const attributes = { payment: claimed.paymentId };
    return inSpan('work', 'call provider', attributes, () => this.#process(claimed), {
      ...claimed.cause,
    });
  }

  async #process(claimed: Payment): Promise<void> {
    try {
      const { outcome } = await this.#result(claimed);
      await this.#apply(claimed, outcome);
    } catch (error) {
      this.#log.warn(
        `Payment ${claimed.paymentId}: ${(error as Error).message}; the result is unknown, asking again later`,
      );
      const waitMs = Math.min(250 * 2 ** claimed.attempts, BACKOFF_MS_MAX);
      // When this fails too, the claim runs out, and somebody takes it up again.
      await this.#update(claimed, async (payment, uow, isOurs) => {
        payment.callDueAt = new Date((await uow.databaseTime()).getTime() + waitMs);
        return isOurs;
      }).catch(() => undefined);
    }
  }

  async #result(payment: Payment): Promise<Result> {
    const { paymentId, status, amount, token, attempts } = payment;
    const kind = operationOf[status as keyof typeof operationOf];
    const key = keyOf(payment);
    const earlier = attempts > 1 ? await this.provider.find(key) : undefined;
    return earlier ?? this.provider.operate({ key, kind, paymentId, amount, token });
  }

  #apply(claimed: Payment, outcome: Result['outcome']): Promise<void> {
    return this.#update(claimed, async (payment, uow, isOurs) => {
      if (isOurs) {
        const message = applyResult(payment, outcome);
        if (!message) throw new Error(`the provider says "${outcome}" to ${keyOf(payment)}`);
        uow.publish(message);
        return true;
      }
      // The money was promised after we were told to let it go, and nobody but us knows of it.
      const isLate = claimed.status === 'authorising' && outcome === 'approved';
      if (!isLate || !isVoidRequested(payment)) return false;
      requestVoid(payment, await uow.databaseTime());
      return true;
    });
  }

  /** The row's version is the claim: when it moved on, somebody else decides. @param change whether to save */
  #update(
    claimed: Payment,
    change: (payment: Payment, uow: UnitOfWork, isOurs: boolean) => Promise<boolean>,
  ): Promise<void> {
    return this.units.run(async (uow) => {
      const [payment] = await uow.lock(Payment, [claimed.orderId]);
      if (!payment) return;
      uow.continueFrom(payment.cause);
      if (await change(payment, uow, payment.version === claimed.version))
        await uow.save(Payment, payment);
    });
  }
}
