import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import type { Cancellation } from '@fieldguide/contracts/ordering';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CONSISTENCY_TOKEN, consistencyToken } from '../consistency-token/consistency-token.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';

@Controller('orders/:id/cancellation')
export class CancelOrderController {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly orders: OrderCommandHandler,
  ) {}

  /** Before confirmation the order's own stream decides, after it shipping does: then the answer is `cancelling`. */
  @RequireScope('orders:write')
  @Post()
  @HttpCode(202)
  async cancel(
    @Caller() caller: CallerClaims,
    @Param('id', { schema: IdRequest }) orderId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Cancellation> {
    const command = { type: 'CancelOrder', data: { customerId: caller.id } } as const;
    const { state, version } = await this.units.run((tx) =>
      this.orders.handle(orderId, command, tx, { actor: caller.id }),
    );
    reply.header(CONSISTENCY_TOKEN, consistencyToken(orderId, version));
    return { status: state.status as Cancellation['status'] };
  }
}
