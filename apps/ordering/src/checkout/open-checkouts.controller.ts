import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { ProcessConfig } from '@fieldguide/config';
import { IdRequest } from '@fieldguide/contracts/money';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { z } from 'zod';
import { errors } from '../order/order.errors.ts';
import { OrderCommandHandler } from '../order/order-command-handler.ts';
import { CheckoutDeadlines, OpenCheckout } from './checkout-deadlines.ts';

const CheckoutQuery = z.strictObject({ stuck: z.stringbool().default(false) });
const LISTED_MAX = 200;

/** Operator endpoints; not in the gateway's route table. */
@RequireScope('operations')
@Controller('checkouts')
export class OpenCheckoutsController {
  constructor(
    private readonly orders: OrderCommandHandler,
    private readonly deadlines: CheckoutDeadlines,
    private readonly units: UnitOfWorkRunner,
    private readonly database: Database,
    private readonly process: ProcessConfig,
  ) {}

  /** Lists open checkouts, longest waiting first; `stuck`: overdue ones only. */
  @Get()
  async list(@Query({ schema: CheckoutQuery }) { stuck }: z.infer<typeof CheckoutQuery>) {
    const rows = await this.database.source.manager.find(OpenCheckout, {
      where: stuck ? { overdueSince: Not(IsNull()) } : {},
      order: { waitsSince: 'ASC' },
      take: LISTED_MAX,
    });
    return { items: rows.map(({ version: _, ...row }) => row) };
  }

  /** Sends the pending message of the order again. */
  @Post(':orderId/retries')
  @HttpCode(202)
  retry(@Caller() caller: CallerClaims, @Param('orderId', { schema: IdRequest }) orderId: string) {
    return this.#handle(orderId, { type: 'RetryCheckout', data: {} }, caller);
  }

  /** Ends the order like a timeout, or requests its cancellation from shipping. Rejected after dispatch. */
  @Post(':orderId/abandonment')
  @HttpCode(202)
  abandon(
    @Caller() caller: CallerClaims,
    @Param('orderId', { schema: IdRequest }) orderId: string,
  ) {
    return this.#handle(orderId, { type: 'AbandonCheckout', data: {} }, caller);
  }

  /** Expires this order's deadline now; in the environment `local` only. */
  @Post(':orderId/deadline')
  @HttpCode(202)
  async expireDeadline(@Param('orderId', { schema: IdRequest }) orderId: string) {
    if (this.process.ENVIRONMENT !== 'local') throw errors.localOnly();
    await this.units.run((tx) => this.deadlines.expire(orderId, tx));
    return { orderId };
  }

  async #handle(
    orderId: string,
    command: Parameters<OrderCommandHandler['handle']>[1],
    caller: CallerClaims,
  ) {
    const { state } = await this.units.run((tx) =>
      this.orders.handle(orderId, command, tx, { actor: caller.id }),
    );
    return { orderId, status: state.status };
  }
}
