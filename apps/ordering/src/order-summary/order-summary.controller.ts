import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { OrderQuery } from '@fieldguide/contracts/ordering';
import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import {
  CONSISTENCY_TOKEN,
  consistencyToken,
  readConsistencyToken,
} from '../consistency-token/consistency-token.ts';
import { OrderSummaries } from './order-summaries.ts';

@RequireScope('orders:read', 'orders:read:any')
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
  async one(
    @Caller() caller: CallerClaims,
    @Param('id', { schema: IdRequest }) id: string,
    @Headers(CONSISTENCY_TOKEN) seen: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { order, version } = await this.orders.one(id, caller, readConsistencyToken(seen));
    // A read may come from the log and the next one from the projection: the token keeps reads monotonic.
    reply.header(CONSISTENCY_TOKEN, consistencyToken(id, version));
    return order;
  }
}
