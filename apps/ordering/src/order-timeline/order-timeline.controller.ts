import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { EventStore } from '@fieldguide/event-store';
import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CONSISTENCY_TOKEN, consistencyToken } from '../consistency-token/consistency-token.ts';
import { OrderSummaries } from '../order-summary/order-summaries.ts';
import { timelineOf } from './order-timeline.ts';

@RequireScope('orders:read', 'orders:read:any')
@Controller('orders/:id/timeline')
export class OrderTimelineController {
  constructor(
    private readonly orders: OrderSummaries,
    private readonly events: EventStore,
  ) {}

  @Get()
  async timeline(
    @Caller() caller: CallerClaims,
    @Param('id', { schema: IdRequest }) id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.orders.one(id, caller); // throws when the caller may not see it
    const events = await this.events.read(`order-${id}`);
    // The log is ahead of the projection: the token keeps later reads monotonic.
    reply.header(CONSISTENCY_TOKEN, consistencyToken(id, events.length));
    const etag = `"${events.length}"`; // a stream only grows
    reply.header('etag', etag).header('cache-control', 'private, no-cache');
    if (known !== etag) return timelineOf(events);
    reply.status(304);
    return;
  }
}
