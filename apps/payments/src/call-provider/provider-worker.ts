import { GroupedUnitsOfWork, type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { publishMessage } from '@fieldguide/messaging';
import { CallFailedError } from '@fieldguide/resilience';
import { inSpan } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  Notifier,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable, Logger } from '@nestjs/common';
import { Payment } from '../payment/payment.entity.ts';
import { messageOf } from '../payment/payment.events.ts';
import {
  applyResult,
  isVoidRequested,
  keyOf,
  operationOf,
  requestVoid,
} from '../payment/payment.model.ts';
import { Provider, type Result } from './provider.ts';

const BATCH_SIZE = 16;
// Longer than lookup and call can take, so that no other worker claims a payment in progress; short enough that the order
// of a payment claimed by a crashed process is still in time.
const CLAIM_MS = 10_000;
const BACKOFF_MS_MAX = 30_000;
/** While the breaker is open nothing is sent; all payments continue soon after it has closed. */
const BREAKER_PAUSE_MS = 1_000;

/**
 * Calls the provider for payments that wait for it, outside any transaction. The key `<paymentId>:<operation>` is
 * the same on every try. After a try with an unknown result it looks the key up first, so nothing is charged twice.
 */
@Injectable()
export class ProviderWorker extends BackgroundWorker {
  readonly #log = new Logger('call-provider');
  #results: Pick<GroupedUnitsOfWork, 'run'>;

  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly provider: Provider,
    private readonly notifier: Notifier,
  ) {
    super();
    this.#results = { run: (_, work) => units.run(work) };
  }

  override start(context: WorkerContext): BackgroundLoop {
    this.#results = new GroupedUnitsOfWork(this.units, (orderIds, uow) =>
      uow.prefetch(Payment, orderIds, { lock: true }),
    );
    const inFlight = new Set<Promise<void>>();
    let isBehind = false;
    const settings = { ...context, name: 'call-provider', channel: 'payments' };
    const running = startWorker(settings, async () => {
      const free = BATCH_SIZE - inFlight.size;
      if (free === 0) return false;
      const { claimed, dueInMs } = await this.#claim(free);
      // Calls that end while this claim is answered leave room that only another claim can use.
      isBehind = claimed.length === free;
      for (const payment of claimed) {
        const call = this.#call(payment).finally(() => {
          inFlight.delete(call);
          if (isBehind) this.notifier.notify('payments');
        });
        inFlight.add(call);
      }
      return claimed.length < free && dueInMs;
    });
    return {
      stop: async () => {
        await running.stop();
        await Promise.all(inFlight);
      },
    };
  }

  /** Handles one batch of due calls, to the end. For tests and simulation. */
  async once(): Promise<void> {
    const { claimed } = await this.#claim(BATCH_SIZE);
    await Promise.all(claimed.map((payment) => this.#call(payment)));
  }

  /** @returns the claimed payments, and when the next one is due */
  #claim(limit: number) {
    return this.units.run(async (uow) => {
      const claimed = await uow.claim(Payment, 'callDueAt', CLAIM_MS, limit);
      for (const payment of claimed) {
        payment.attempts += 1; // before the call, so that a crash during it is visible
        await uow.save(Payment, payment);
      }
      return { claimed, dueInMs: await uow.msUntilDue(Payment, 'callDueAt') };
    });
  }

  /** Continues the trace of the command that made the call due. */
  #call(claimed: Payment): Promise<void> {
    const attributes = { 'payment.id': claimed.paymentId };
    const from = { ...claimed.cause };
    return inSpan({ kind: 'work', name: 'call provider', attributes, from }, () =>
      this.#process(claimed),
    );
  }

  async #process(claimed: Payment): Promise<void> {
    try {
      const { outcome } = await this.#result(claimed);
      await this.#apply(claimed, outcome);
    } catch (error) {
      const isUnsent = error instanceof CallFailedError && error.shortCircuited;
      const { message } = error as Error;
      if (isUnsent) this.#log.debug(`Payment ${claimed.paymentId}: ${message}; nothing was sent`);
      else
        this.#log.warn(
          `Payment ${claimed.paymentId}: ${message}; the result is unknown, retrying later`,
        );
      const backoffMs = Math.min(250 * 2 ** claimed.attempts, BACKOFF_MS_MAX);
      const waitMs = isUnsent ? BREAKER_PAUSE_MS : backoffMs;
      // If this fails too, the claim expires and another worker retries.
      await this.#update(claimed, async (payment, uow, isOurs) => {
        if (isUnsent && isOurs) payment.attempts -= 1; // it was none
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
        const event = applyResult(payment, outcome);
        if (!event) throw new Error(`the provider returned "${outcome}" for ${keyOf(payment)}`);
        publishMessage(uow, messageOf(event));
        return true;
      }
      // Authorised after the void was requested: it has to be voided again.
      const isLate = claimed.status === 'authorising' && outcome === 'approved';
      if (!isLate || !isVoidRequested(payment)) return false;
      requestVoid(payment, await uow.databaseTime());
      return true;
    });
  }

  /** The row's version is the claim: when it changed, another worker owns the payment. @param change returns whether to save */
  #update(
    claimed: Payment,
    change: (payment: Payment, uow: UnitOfWork, isOurs: boolean) => Promise<boolean>,
  ): Promise<void> {
    return this.#results.run(claimed.orderId, async (uow) => {
      const [payment] = await uow.lock(Payment, [claimed.orderId]);
      if (!payment) return;
      uow.continueFrom(payment.cause);
      if (!(await change(payment, uow, payment.version === claimed.version))) return;
      await uow.save(Payment, payment);
      if (payment.callDueAt) uow.notify('payments');
    });
  }
}
