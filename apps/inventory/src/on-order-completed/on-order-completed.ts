import { OrderCompleted } from '@fieldguide/contracts/ordering';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Reservation } from '../reservation/reservation.entity.ts';
import { ship, unitsOf } from '../reservation/reservation.model.ts';
import { Stock } from '../stock/stock.entity.ts';

export const Completed = consumes(OrderCompleted, 'orderId');

/** Removes the reserved units from stock: the goods have left. */
@Controller()
export class OnOrderCompleted {
  @OnMessage(Completed)
  async handle({ data: { orderId } }: MessageOf<typeof Completed>, uow: UnitOfWork): Promise<void> {
    const reservation = await uow.load(Reservation, orderId);
    if (!reservation) return;
    const lines = ship(reservation);
    if (lines.length === 0) return;
    await uow.save(Reservation, reservation);
    const units = unitsOf(lines);
    for (const row of await uow.lock(Stock, [...units.keys()])) {
      row.onHandUnits -= units.get(row.productId)!;
      row.reservedUnits -= units.get(row.productId)!;
      await uow.save(Stock, row);
    }
  }
}
