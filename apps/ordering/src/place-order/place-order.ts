import { derivedId } from '@fieldguide/clock';
import type { Order, PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import { ConcurrencyError, UnitOfWorkRunner } from '@fieldguide/database';
import { Injectable } from '@nestjs/common';
import { Admission } from '../admission/admission.ts';
import { assertSameAddress, ErasedCustomer, storeAddress } from '../customer-data/customer-data.ts';
import { errors } from '../order/order.errors.ts';
import { isSameRequest } from '../order/order.model.ts';
import { type LoadedOrder, OrderCommandHandler } from '../order/order-command-handler.ts';
import { summaryOf } from '../order-summary/order-summary.projection.ts';
import { Prices } from '../prices/prices.ts';

/** The order, and the version of its stream. */
interface PlacedOrder {
  readonly order: Order;
  readonly version: number;
}

/**
 * The order's id is derived from caller, route and key. So a repeat, a race between two repeats, and a repeat after a
 * crash all meet the same stream: there is no table of keys that could be out of step with it.
 */
@Injectable()
export class PlaceOrderHandler {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly orders: OrderCommandHandler,
    private readonly prices: Prices,
    private readonly admission: Admission,
  ) {}

  /** A repeat is answered also while new orders are refused. @throws DomainError */
  async handle(customerId: string, key: string, request: PlaceOrderRequest): Promise<PlacedOrder> {
    const orderId = derivedId(customerId, 'POST /orders', key);
    const loaded = await this.orders.load(orderId);
    if (loaded.version > 0) return this.#repeat(loaded, request);
    try {
      return await this.admission.admit(orderId, () => this.#place(loaded, customerId, request));
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error;
      const now = await this.orders.load(orderId);
      if (now.version === 0) throw error;
      // Another request with this key was faster, and committed its address with the event.
      return this.#repeat(now, request);
    }
  }

  async #place(
    loaded: LoadedOrder,
    customerId: string,
    { lines, payment, shipTo }: PlaceOrderRequest,
  ): Promise<PlacedOrder> {
    const orderId = loaded.id;
    const { asOf, ...priced } = await this.prices.priced(lines);
    const paymentToken = payment.token;
    const data = { orderId, customerId, ...priced, paymentToken, pricesAsOf: asOf.toISOString() };
    const command = { type: 'PlaceOrder', data } as const;
    return this.units.run(
      async (tx) => {
        await Promise.all([tx.prefetch(ErasedCustomer, [customerId]), tx.databaseTime()]);
        const options = { actor: customerId, loaded };
        const placed = await this.orders.handle(orderId, command, tx, options);
        await storeAddress(data, shipTo, tx);
        return answerOf(placed);
      },
      { retries: 0 },
    );
  }

  /** @throws DomainError idempotencyKeyReused */
  async #repeat(
    loaded: LoadedOrder,
    { lines, payment, shipTo }: PlaceOrderRequest,
  ): Promise<PlacedOrder> {
    const placed = loaded.state.placed!;
    const requested = { lines: lines as never, paymentToken: payment.token };
    if (!isSameRequest(requested, placed)) throw errors.idempotencyKeyReused();
    await this.units.run((tx) => assertSameAddress(placed, shipTo, tx));
    return answerOf(loaded);
  }
}

const answerOf = ({ events, version }: LoadedOrder) => ({ order: summaryOf(events), version });
