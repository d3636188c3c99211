import { Caller, type CallerClaims } from '@fieldguide/auth';
import { EventStore } from '@fieldguide/event-store';
import { Controller, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { OrderSummaries } from '../order-summary/order-summaries.ts';
import { timelineOf } from './order-timeline.ts';

@Controller('orders/:id/timeline')
export class OrderTimelineController {
  constructor(
    private readonly orders: OrderSummaries,
    private readonly events: EventStore,
  ) {}

  @Get()
  async timeline(@Caller() caller: CallerClaims, @Param('id', { schema: z.guid() }) id: string) {
    await this.orders.one(id, caller); // refuses what the caller may not see
    return timelineOf(await this.events.read(`order-${id}`));
  }
}
