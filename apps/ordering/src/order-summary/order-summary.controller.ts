import { Caller, type CallerClaims } from '@fieldguide/auth';
import { OrderQuery } from '@fieldguide/contracts/ordering';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { OrderSummaries } from './order-summaries.ts';

@Controller('orders')
export class OrderSummaryController {
  constructor(private readonly orders: OrderSummaries) {}

  @Get()
  list(
    @Caller() caller: CallerClaims,
    @Query({ schema: OrderQuery }) query: z.infer<typeof OrderQuery>,
  ) {
    return this.orders.list(query, caller);
  }

  @Get(':id')
  one(@Caller() caller: CallerClaims, @Param('id', { schema: z.guid() }) id: string) {
    return this.orders.one(id, caller);
  }
}
