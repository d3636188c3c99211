import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { IdempotencyKey, PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CONSISTENCY_TOKEN, consistencyToken } from '../consistency-token/consistency-token.ts';
import { errors } from '../order/order.errors.ts';
import { PlaceOrderHandler } from './place-order.ts';

@Controller('orders')
export class PlaceOrderController {
  constructor(private readonly placeOrder: PlaceOrderHandler) {}

  @RequireScope('orders:write')
  @Post()
  async place(
    @Caller() caller: CallerClaims,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: PlaceOrderRequest }) request: PlaceOrderRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!IdempotencyKey.safeParse(key).success) throw errors.idempotencyKeyRequired();
    const { order, version } = await this.placeOrder.handle(caller.id, key!, request);
    reply.header('location', `/orders/${order.id}`);
    reply.header(CONSISTENCY_TOKEN, consistencyToken(order.id, version));
    return order;
  }
}
