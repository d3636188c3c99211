import {
  ReleaseStock,
  ReserveStock,
  StockRefused,
  StockReleased,
  StockReserved,
} from '@fieldguide/contracts/inventory';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage, publish } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Reservation, type ReservedLine } from '../reservation/reservation.entity.ts';
import {
  type Outcome,
  outcomeOf,
  release,
  shortages,
  unitsOf,
} from '../reservation/reservation.model.ts';
import { Stock } from '../stock/stock.entity.ts';

export const Reserve = consumes(ReserveStock, 'orderId', 'lines');
export const Release = consumes(ReleaseStock, 'orderId');

/** Reserves all lines or none. Every command gets a reply; a repeat finds the reservation and gets the same reply. */
@Controller()
export class ReserveStockHandler {
  @OnMessage(Reserve)
  async reserve({ data }: MessageOf<typeof Reserve>, uow: UnitOfWork): Promise<void> {
    const { orderId, lines } = data;
    const earlier = await uow.load(Reservation, orderId);
    if (earlier) return publishOutcome(uow, orderId, outcomeOf(earlier));

    const stock = await uow.lock(Stock, [...unitsOf(lines).keys()]);
    const free = new Map(stock.map(({ productId, freeUnits }) => [productId, freeUnits]));
    const productIds = shortages(lines, free);
    const status = productIds.length === 0 ? 'reserved' : 'refused';
    await uow.save(Reservation, Object.assign(new Reservation(), { orderId, status, lines }));
    if (status === 'refused')
      return publishOutcome(uow, orderId, { reason: 'outOfStock', productIds });
    await addReserved(uow, stock, lines, 1);
    publishOutcome(uow, orderId, 'reserved');
  }

  @OnMessage(Release)
  async release({ data: { orderId } }: MessageOf<typeof Release>, uow: UnitOfWork): Promise<void> {
    const reservation =
      (await uow.load(Reservation, orderId)) ??
      Object.assign(new Reservation(), { orderId, lines: [] });
    const isRepeat = reservation.status === 'released';
    const lines = release(reservation);
    if (!isRepeat) await uow.save(Reservation, reservation);
    await addReserved(uow, await uow.lock(Stock, [...unitsOf(lines).keys()]), lines, -1);
    publish(uow, StockReleased, orderId, { orderId });
  }
}

async function addReserved(
  uow: UnitOfWork,
  stock: readonly Stock[],
  lines: readonly ReservedLine[],
  sign: 1 | -1,
): Promise<void> {
  const units = unitsOf(lines);
  for (const row of stock) {
    row.reservedUnits += sign * units.get(row.productId)!;
    await uow.save(Stock, row);
  }
}

function publishOutcome(uow: UnitOfWork, orderId: string, outcome: Outcome): void {
  if (outcome === 'reserved') publish(uow, StockReserved, orderId, { orderId });
  else publish(uow, StockRefused, orderId, { orderId, ...outcome });
}
