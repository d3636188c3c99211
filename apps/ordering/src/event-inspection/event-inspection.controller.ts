import { RequireScope } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { EventStore, replay } from '@fieldguide/event-store';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { errors } from '../order/order.errors.ts';
import type { OrderEvent } from '../order/order.events.ts';
import { order } from '../order/order.model.ts';

const PAGE_MAX = 500;
const Page = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .default('0'),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
});

/** Shows the event log to operators; not in the gateway's route table. */
@RequireScope('operations')
@Controller('log')
export class EventInspectionController {
  constructor(private readonly events: EventStore) {}

  /** Returns an order's events, each with the state after it. */
  @Get('orders/:id')
  async order(@Param('id', { schema: IdRequest }) orderId: string) {
    const events = await this.events.read(`order-${orderId}`);
    if (events.length === 0) throw errors.orderNotFound();
    const items = events.map((event, at) => {
      const { placed: _, ...state } = replay(
        order,
        events.slice(0, at + 1) as never as OrderEvent[],
      );
      return { ...event, state };
    });
    return { items };
  }

  /** Returns the events committed after a position, oldest first. */
  @Get('feed')
  async feed(@Query({ schema: Page }) { after, limit }: z.infer<typeof Page>) {
    const { events: items, position } = await this.events.readAll(after, limit);
    return { items, position, end: await this.events.lastPosition() };
  }
}
