import { Caller, type CallerClaims } from '@fieldguide/auth';
import { OrderQuery } from '@fieldguide/contracts/ordering';
import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { CONSISTENCY_TOKEN, readConsistencyToken } from '../consistency-token/consistency-token.ts';
import { OrderSummaries } from './order-summaries.ts';

@Controller('orders')
export class OrderSummaryController {
  constructor(private readonly orders: OrderSummaries) {}

  @Get()
  list(
    @Caller() caller: CallerClaims,
    @Query({ schema: OrderQuery }) query: z.infer<typeof OrderQuery>,
    @Headers(CONSISTENCY_TOKEN) seen?: string,
  ) {
    return this.orders.list(query, caller, readConsistencyToken(seen));
  }

  @Get(':id')
  one(
    @Caller() caller: CallerClaims,
    @Param('id', { schema: z.guid() }) id: string,
    @Headers(CONSISTENCY_TOKEN) seen?: string,
  ) {
    return this.orders.one(id, caller, readConsistencyToken(seen));
  }
}
