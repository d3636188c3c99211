import { type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { DomainError } from '@fieldguide/problems';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { DeliveryAddress, ErasedCustomer } from './customer-data.ts';

// Longer than a transaction that has not seen the tombstone can take.
const SWEEP_AFTER_MS = 60_000;
const SWEEP_INTERVAL_MS = 30_000;
const BATCH_SIZE = 20;
const ORDERS_MAX = 10_000;

/**
 * Deletes a customer's addresses and cancels orders that are not dispatched. Events and projections hold only the
 * customer's id, so they stay unchanged.
 */
@Injectable()
export class EraseCustomers extends BackgroundWorker {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly orders: OrderCommandHandler,
  ) {
    super();
  }

  /** Erases now and again after `SWEEP_AFTER_MS`: an order may be placed at the same moment. */
  async erase(customerId: string, tx: UnitOfWork): Promise<void> {
    const erased =
      (await tx.load(ErasedCustomer, customerId)) ??
      Object.assign(new ErasedCustomer(), { customerId, erasedAt: tx.now() });
    erased.sweepDueAt = new Date((await tx.databaseTime()).getTime() + SWEEP_AFTER_MS);
    await tx.save(ErasedCustomer, erased);
    await this.#deletePersonalData(customerId, tx);
  }

  override start(context: WorkerContext): BackgroundLoop {
    const settings = {
      ...context,
      name: 'sweep-erased',
      channel: 'erased',
      idleMs: SWEEP_INTERVAL_MS,
    };
    return startWorker(settings, async () => (await this.sweep()) === BATCH_SIZE);
  }

  /** Erases again what is due. @returns the number of customers */
  async sweep(): Promise<number> {
    const due = await this.units.run((tx) =>
      tx.claim(ErasedCustomer, 'sweepDueAt', SWEEP_AFTER_MS, BATCH_SIZE),
    );
    for (const { customerId } of due) {
      await this.units.run(async (tx) => {
        await this.#deletePersonalData(customerId, tx);
        const row = await tx.load(ErasedCustomer, customerId);
        await tx.save(ErasedCustomer, Object.assign(row!, { sweepDueAt: null }));
      });
    }
    return due.length;
  }

  async #deletePersonalData(customerId: string, tx: UnitOfWork): Promise<void> {
    const addresses = await tx.find(DeliveryAddress, { customerId }, ORDERS_MAX);
    for (const { orderId } of addresses) await this.#cancel(orderId, customerId, tx);
    await tx.remove(DeliveryAddress, { customerId });
  }

  async #cancel(orderId: string, customerId: string, tx: UnitOfWork): Promise<void> {
    const command = { type: 'CancelOrder', data: { customerId } } as const;
    try {
      await this.orders.handle(orderId, command, tx, { actor: customerId });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error; // it has ended or is dispatched
    }
  }
}
