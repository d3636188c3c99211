import { RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { Database } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { Controller, Get, Header, Param } from '@nestjs/common';
import { errors } from '../order/order.errors.ts';
import type { Placed } from '../order/order.events.ts';
import { DeliveryAddress, ErasedCustomer } from './customer-data.ts';

/** Internal endpoint for shipping, with a service token; not in the gateway's route table. */
@Controller('orders/:id/delivery-address')
export class DeliveryAddressController {
  constructor(
    private readonly database: Database,
    private readonly events: EventStore,
  ) {}

  @RequireScope('orders:address:read')
  @Get()
  @Header('cache-control', 'no-store')
  async one(@Param('id', { schema: IdRequest }) orderId: string) {
    const [row] = await this.database.find(DeliveryAddress, { orderId }, 1);
    if (row) return { shipTo: row.shipTo };
    const [placed] = await this.events.read(`order-${orderId}`);
    const { customerId } = (placed?.data ?? {}) as Partial<Placed>;
    const erased = customerId ? await this.database.find(ErasedCustomer, { customerId }, 1) : [];
    // An order without an address that was not erased is a defect: shipping must not treat it as erased.
    if (erased.length === 0) throw errors.orderNotFound();
    return { shipTo: null };
  }
}
