import { RequireScope } from '@fieldguide/auth';
import { DeliveryAddressQuery } from '@fieldguide/contracts/ordering';
import { Database } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { Controller, Get, Header, Query } from '@nestjs/common';
import type { z } from 'zod';
import type { Placed } from '../order/order.events.ts';
import { DeliveryAddress, ErasedCustomer } from './customer-data.ts';

/** Internal endpoint for shipping, with a service token; not in the gateway's route table. */
@Controller('delivery-addresses')
export class DeliveryAddressController {
  constructor(
    private readonly database: Database,
    private readonly events: EventStore,
  ) {}

  @RequireScope('orders:address:read')
  @Get()
  @Header('cache-control', 'no-store')
  async list(
    @Query({ schema: DeliveryAddressQuery }) { orderIds }: z.infer<typeof DeliveryAddressQuery>,
  ) {
    const rows = await this.database.find(DeliveryAddress, { orderId: orderIds }, orderIds.length);
    const found = new Set(rows.map(({ orderId }) => orderId));
    const erased = await this.#erased(orderIds.filter((id) => !found.has(id)));
    return { items: [...rows.map(({ orderId, shipTo }) => ({ orderId, shipTo })), ...erased] };
  }

  /** An order without an address that was not erased is a defect: shipping must not treat it as erased. */
  async #erased(orderIds: readonly string[]) {
    if (orderIds.length === 0) return [];
    const firsts = await this.events.readFirst(orderIds.map((id) => `order-${id}`));
    const orders = [...firsts.values()].map(({ data }) => data as Placed);
    const customerId = orders.map((each) => each.customerId);
    const rows = await this.database.find(ErasedCustomer, { customerId }, orders.length);
    const erased = new Set(rows.map((each) => each.customerId));
    return orders
      .filter((each) => erased.has(each.customerId))
      .map(({ orderId }) => ({ orderId, shipTo: null }));
  }
}
