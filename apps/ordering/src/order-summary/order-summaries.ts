import { type CallerClaims, mayRead } from '@fieldguide/auth';
import type { Order } from '@fieldguide/contracts/ordering';
import { Database } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { Injectable } from '@nestjs/common';
import { refuse } from '../order/order.refusals.ts';
import { OrderSummary } from './order-summary.entity.ts';
import { summaryOf } from './order-summary.projection.ts';

const READS_ALL = 'orders:read:any';

@Injectable()
export class OrderSummaries {
  constructor(
    private readonly database: Database,
    private readonly events: EventStore,
  ) {}

  /**
   * From the view; an order that the view does not have yet is read from the log, so that nobody is told that an
   * acknowledged order does not exist. Another's order is not found.
   */
  async one(orderId: string, caller: CallerClaims): Promise<Order> {
    const row = await this.database.source.manager.findOneBy(OrderSummary, { orderId });
    const order = row?.toPublic() ?? (await this.#fromLog(orderId));
    if (!order || !mayRead(caller, order.customerId, READS_ALL)) throw refuse.orderUnknown();
    return order;
  }

  /** Newest first: the caller's own, or everybody's for staff. */
  async list(
    { limit, cursor }: { limit: number; cursor?: string | undefined },
    caller: CallerClaims,
  ) {
    const select = this.database.source.manager
      .createQueryBuilder(OrderSummary, 'o')
      .orderBy('o.placedAt', 'DESC')
      .addOrderBy('o.orderId', 'DESC')
      .take(limit + 1);
    if (!caller.scopes.has(READS_ALL)) select.where('o.customerId = :id', { id: caller.id });
    if (cursor)
      select.andWhere(
        '(o.placed_at, o.order_id) < (:placedAt::timestamptz, :orderId::uuid)',
        readCursor(cursor),
      );
    const found = await select.getMany();
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((each) => each.toPublic()),
      nextCursor: found.length > limit && last ? writeCursor(last) : null,
    };
  }

  async #fromLog(orderId: string): Promise<Order | undefined> {
    const events = await this.events.read(`order-${orderId}`);
    return events.length > 0 ? summaryOf(events) : undefined;
  }
}

function writeCursor({ placedAt, orderId }: OrderSummary): string {
  return Buffer.from(`${placedAt.toISOString()} ${orderId}`).toString('base64url');
}

function readCursor(cursor: string): { placedAt: string; orderId: string } {
  const [placedAt = '', orderId = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (Number.isNaN(Date.parse(placedAt)) || !/^[0-9a-f-]{36}$/.test(orderId))
    throw refuse.cursorUnreadable();
  return { placedAt, orderId };
}
