import { derivedId } from '@fieldguide/clock';
import type { Order, PlaceOrderRequest, ShipTo } from '@fieldguide/contracts/ordering';
import { type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { Injectable } from '@nestjs/common';
import { DeliveryAddress } from '../customer-data/delivery-address.entity.ts';
import { ErasedCustomer } from '../customer-data/erased-customer.entity.ts';
import { errors } from '../order/order.errors.ts';
import type { Placed } from '../order/order.events.ts';
import { isSameRequest } from '../order/order.model.ts';
import { OpenCheckouts } from '../order/order-command-handler.ts';
import { summaryOf } from '../order-summary/order-summary.projection.ts';
import { Prices } from '../prices/prices.ts';

/**
 * The order's id is derived from caller, route and key. So a repeat, a race between two repeats, and a repeat after a
 * crash all meet the same stream: there is no table of keys that could be out of step with it.
 */
@Injectable()
export class PlaceOrderHandler {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly events: EventStore,
    private readonly checkouts: OpenCheckouts,
    private readonly prices: Prices,
  ) {}

  /** @returns the order, and the version of its stream */
  async handle(
    customerId: string,
    key: string,
    request: PlaceOrderRequest,
  ): Promise<{ order: Order; version: number }> {
    const orderId = derivedId(customerId, 'POST /orders', key);
    const stream = `order-${orderId}`;
    const earlier = await this.events.read(stream);
    if (earlier.length > 0) {
      await this.#assertSameRequest(request, earlier[0]!.data as Placed);
      return { order: summaryOf(earlier), version: earlier.length };
    }

    const { lines, total, asOf } = await this.prices.priced(request.lines);
    const paymentToken = request.payment.token;
    const data = {
      orderId,
      customerId,
      lines,
      total,
      paymentToken,
      pricesAsOf: asOf.toISOString(),
    };
    await this.units.run(async (tx) => {
      if (await tx.load(ErasedCustomer, customerId)) throw errors.customerErased();
      const command = { type: 'PlaceOrder', data } as const;
      const placed = await this.checkouts.handle(orderId, command, tx, customerId);
      // Another request with this key was faster, and committed its address with the event.
      if (placed.appended.length === 0) return this.#assertSameAddress(data, request.shipTo, tx);
      const shipTo = { orderId, customerId, shipTo: request.shipTo };
      await tx.save(DeliveryAddress, Object.assign(new DeliveryAddress(), shipTo));
    });
    const events = await this.events.read(stream);
    return { order: summaryOf(events), version: events.length };
  }

  async #assertSameRequest({ lines, payment, shipTo }: PlaceOrderRequest, placed: Placed) {
    const data = { lines: lines as never, paymentToken: payment.token };
    if (!isSameRequest(data, placed)) throw errors.idempotencyKeyReused();
    await this.units.run((tx) => this.#assertSameAddress(placed, shipTo, tx));
  }

  /** A deleted address can no longer be compared; only a customer who was erased is refused for that. */
  async #assertSameAddress(
    { orderId, customerId }: Placed,
    shipTo: ShipTo,
    tx: UnitOfWork,
  ): Promise<void> {
    const address = await tx.load(DeliveryAddress, orderId);
    if (address && !address.equals(shipTo)) throw errors.idempotencyKeyReused();
    if (!address && (await tx.load(ErasedCustomer, customerId))) throw errors.customerErased();
  }
}
