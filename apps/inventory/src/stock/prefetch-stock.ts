import type { UnitOfWork } from '@fieldguide/database';
import { type Envelope, Prefetch } from '@fieldguide/messaging';
import { Injectable } from '@nestjs/common';
import { Completed } from '../on-order-completed/on-order-completed.ts';
import { Reservation } from '../reservation/reservation.entity.ts';
import { Release, Reserve } from '../reserve-stock/reserve-stock.ts';
import { Stock } from './stock.entity.ts';

/** Reads the reservations of many messages with one statement, then locks the stock of all their products with another. */
@Injectable()
export class PrefetchStock extends Prefetch {
  override async prefetch(messages: readonly Envelope[], uow: UnitOfWork): Promise<void> {
    const orderIds = this.subjects(messages, Reserve, Release, Completed);
    await uow.prefetch(Reservation, orderIds);
    const wanted = messages.map(({ data }) => Reserve.data.safeParse(data).data);
    const stored = await Promise.all(orderIds.map((id) => uow.load(Reservation, id)));
    const lines = [...wanted, ...stored].flatMap((each) => each?.lines ?? []);
    await uow.prefetch(
      Stock,
      lines.map(({ productId }) => productId),
      { lock: true },
    );
  }
}
