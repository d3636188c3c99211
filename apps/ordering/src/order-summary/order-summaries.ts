import { type CallerClaims, mayRead } from '@fieldguide/auth';
import { Clock } from '@fieldguide/clock';
import { IdRequest } from '@fieldguide/contracts/money';
import type { Order } from '@fieldguide/contracts/ordering';
import { Database } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { Notifier } from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { z } from 'zod';
import type { SeenVersion } from '../consistency-token/consistency-token.ts';
import { errors } from '../order/order.errors.ts';
import { OrderingConfig } from '../ordering.config.ts';
import { OrderSummary } from './order-summary.entity.ts';
import { summaryOf } from './order-summary.projection.ts';
import { ProjectionWaits } from './projection-waits.ts';

const READS_ALL = 'orders:read:any';

@Injectable()
export class OrderSummaries {
  readonly #waits: ProjectionWaits;

  constructor(
    private readonly database: Database,
    private readonly events: EventStore,
    private readonly config: OrderingConfig,
    notifier: Notifier,
    clock: Clock,
  ) {
    this.#waits = new ProjectionWaits((ids) => this.#versions(ids), notifier, clock);
  }

  /**
   * Reads from the projection, or from the log when the projection lags behind what the caller has `seen`: an
   * acknowledged order never returns 404. Another customer's order is not found.
   * @returns the order, and the version of its stream that it shows
   */
  async one(
    orderId: string,
    caller: CallerClaims,
    seen?: SeenVersion,
  ): Promise<{ order: Order; version: number }> {
    const row = await this.#row(orderId);
    const isBehind = seen?.orderId === orderId && (row?.streamVersion ?? 0) < seen.version;
    const found =
      row && !isBehind
        ? { order: row.toPublic(), version: row.streamVersion }
        : await this.#fromLog(orderId);
    if (!found || !mayRead(caller, found.order.customerId, READS_ALL)) throw errors.orderNotFound();
    return found;
  }

  /**
   * Newest first: the caller's own orders, or all for staff. Waits until the projection includes what the caller has `seen`.
   * @throws DomainError projectionBehind when that takes too long, consistencyTokenInvalid when the token was never issued
   */
  async list(
    { limit, cursor }: { limit: number; cursor?: string | undefined },
    caller: CallerClaims,
    seen?: SeenVersion,
  ) {
    if (seen) await this.#waitFor(seen, caller);
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

  /** Waits only for a version that the log has and the caller may see; rejects any other token immediately. */
  async #waitFor(seen: SeenVersion, caller: CallerClaims): Promise<void> {
    const row = await this.#row(seen.orderId);
    const isThere = row !== undefined && row.streamVersion >= seen.version;
    const written = isThere
      ? { customerId: row.customerId, version: row.streamVersion }
      : await this.#versionInLog(seen.orderId);
    const isKnown = written && written.version >= seen.version;
    if (!isKnown || !mayRead(caller, written.customerId, READS_ALL))
      throw errors.consistencyTokenInvalid();
    if (isThere) return;
    if (!(await this.#waits.until(seen, this.config.CONSISTENT_READ_MS)))
      throw errors.projectionBehind();
  }

  async #versionInLog(
    orderId: string,
  ): Promise<{ customerId: string; version: number } | undefined> {
    const found = await this.#fromLog(orderId);
    return found && { customerId: found.order.customerId, version: found.version };
  }

  async #versions(orderIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.source.manager.find(OrderSummary, {
      select: { orderId: true, streamVersion: true },
      where: { orderId: In([...orderIds]) },
    });
    return new Map(rows.map(({ orderId, streamVersion }) => [orderId, streamVersion]));
  }

  async #row(orderId: string): Promise<OrderSummary | undefined> {
    return (await this.database.find(OrderSummary, { orderId }, 1))[0];
  }

  async #fromLog(orderId: string): Promise<{ order: Order; version: number } | undefined> {
    const events = await this.events.read(`order-${orderId}`);
    return events.length > 0 ? { order: summaryOf(events), version: events.length } : undefined;
  }
}

function writeCursor({ placedAt, orderId }: OrderSummary): string {
  return Buffer.from(`${placedAt.toISOString()} ${orderId}`).toString('base64url');
}

/** A `Date`, because PostgreSQL rejects the year 0 of ISO 8601. */
const Cursor = z.tuple([z.iso.datetime().transform((time) => new Date(time)), IdRequest]);

function readCursor(cursor: string): { placedAt: Date; orderId: string } {
  const { data } = Cursor.safeParse(Buffer.from(cursor, 'base64url').toString().split(' '));
  if (!data) throw errors.cursorInvalid();
  const [placedAt, orderId] = data;
  return { placedAt, orderId };
}
