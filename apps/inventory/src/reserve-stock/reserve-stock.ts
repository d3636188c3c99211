import {
  ReleaseStock,
  ReserveStock,
  StockRefused,
  StockReleased,
  StockReserved,
} from '@fieldguide/contracts/inventory';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Reservation, type ReservedLine } from '../reservation/reservation.entity.ts';
import { Stock } from '../stock/stock.entity.ts';

export const Reserve = consumes(ReserveStock, 'orderId', 'lines');
export const Release = consumes(ReleaseStock, 'orderId');

/** Reserves all lines or none. Every command gets a reply; a repeat finds the reservation and gets the same reply. */
@Controller()
export class ReserveStockHandler {
  @OnMessage(Reserve)
  async reserve(
    { data: { orderId, lines } }: MessageOf<typeof Reserve>,
    uow: UnitOfWork,
  ): Promise<void> {
    const earlier = await uow.load(Reservation, orderId);
    if (earlier?.status === 'released') return publishRefused(uow, orderId, 'released', []);
    if (earlier?.status === 'refused') return publishRefused(uow, orderId, 'outOfStock', []);
    if (earlier) return publish(uow, StockReserved, orderId);

    const stock = await stockOf(uow, lines);
    const short = lines.filter(
      ({ productId, quantity }) => (stock.get(productId)?.freeUnits ?? 0) < quantity,
    );
    const status = short.length === 0 ? 'reserved' : 'refused';
    await uow.save(Reservation, Object.assign(new Reservation(), { orderId, status, lines }));
    if (short.length > 0) {
      const productIds = short.map(({ productId }) => productId);
      return publishRefused(uow, orderId, 'outOfStock', productIds);
    }
    for (const { productId, quantity } of lines) {
      const row = stock.get(productId)!;
      row.reservedUnits += quantity;
      await uow.save(Stock, row);
    }
    publish(uow, StockReserved, orderId);
  }

  @OnMessage(Release)
  async release({ data: { orderId } }: MessageOf<typeof Release>, uow: UnitOfWork): Promise<void> {
    const reservation =
      (await uow.load(Reservation, orderId)) ??
      Object.assign(new Reservation(), { orderId, lines: [] });
    if (reservation.status === 'released') return publish(uow, StockReleased, orderId);
    if (reservation.status === 'shipped')
      throw new Error(`The goods of order ${orderId} have left: they cannot be put back`);
    const released = reservation.status === 'reserved' ? reservation.lines : [];
    reservation.status = 'released';
    await uow.save(Reservation, reservation);
    const stock = await stockOf(uow, released);
    for (const { productId, quantity } of released) {
      const row = stock.get(productId)!;
      row.reservedUnits -= quantity;
      await uow.save(Stock, row);
    }
    publish(uow, StockReleased, orderId);
  }
}

async function stockOf(
  uow: UnitOfWork,
  lines: readonly ReservedLine[],
): Promise<Map<string, Stock>> {
  const rows = await uow.lock(
    Stock,
    lines.map(({ productId }) => productId),
  );
  return new Map(rows.map((row) => [row.productId, row]));
}

function publish(
  uow: UnitOfWork,
  { topic, type }: { topic: string; type: string },
  orderId: string,
): void {
  uow.publish({ topic, type, subject: orderId, data: { orderId } });
}

function publishRefused(
  uow: UnitOfWork,
  orderId: string,
  reason: string,
  productIds: readonly string[],
): void {
  const { topic, type } = StockRefused;
  uow.publish({ topic, type, subject: orderId, data: { orderId, reason, productIds } });
}
