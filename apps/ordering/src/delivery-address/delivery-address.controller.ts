import { Scope } from '@fieldguide/auth';
import { Database } from '@fieldguide/database';
import { Controller, Get, Header, Param } from '@nestjs/common';
import { z } from 'zod';
import { refuse } from '../order/order.refusals.ts';
import { DeliveryAddress } from './delivery-address.entity.ts';

/** For shipping's label, with shipping's own token; the gateway's route table does not lead here. */
@Controller('orders/:id/delivery-address')
export class DeliveryAddressController {
  constructor(private readonly database: Database) {}

  @Scope('orders:address:read')
  @Get()
  @Header('cache-control', 'no-store')
  async one(@Param('id', { schema: z.guid() }) orderId: string) {
    const row = await this.database.source.manager.findOneBy(DeliveryAddress, { orderId });
    if (!row) throw refuse.orderUnknown();
    return row.shipTo;
  }
}
