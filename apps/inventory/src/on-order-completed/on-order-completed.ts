import { OrderCompleted } from '@fieldguide/contracts/ordering';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Reservation } from '../reservation/reservation.entity.ts';
import { Stock } from '../stock/stock.entity.ts';

export const Completed = consumes(OrderCompleted, 'orderId');

/** Removes the reserved units from stock: the goods have left. */
@Controller()
export class OnOrderCompleted {
  @OnMessage(Completed)
  async handle({ data: { orderId } }: MessageOf<typeof Completed>, uow: UnitOfWork): Promise<void> {
    const reservation = await uow.load(Reservation, orderId);
    if (reservation?.status !== 'reserved') return;
    reservation.status = 'shipped';
    await uow.save(Reservation, reservation);
    const units = new Map(
      reservation.lines.map(({ productId, quantity }) => [productId, quantity]),
    );
    for (const row of await uow.lock(Stock, [...units.keys()])) {
      row.onHandUnits -= units.get(row.productId)!;
      row.reservedUnits -= units.get(row.productId)!;
      await uow.save(Stock, row);
    }
  }
}
