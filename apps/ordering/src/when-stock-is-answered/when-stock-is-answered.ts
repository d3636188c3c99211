import { StockRefused, StockReserved } from '@fieldguide/contracts/inventory';
import type { UnitOfWork } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { order } from '../order/order.ts';

const Reserved = heard(StockReserved, 'orderId');
const Refused = heard(StockRefused, 'orderId', 'productIds');

@Controller()
export class WhenStockIsAnswered {
  constructor(private readonly events: EventStore) {}

  @On(Reserved)
  async reserved({ source, time, data }: Heard<typeof Reserved>, tx: UnitOfWork): Promise<void> {
    const fact = { origin: { source, time } };
    await this.events.handle(
      order,
      data.orderId,
      { type: 'NoteStockReserved', data: fact },
      { tx },
    );
  }

  @On(Refused)
  async refused({ source, time, data }: Heard<typeof Refused>, tx: UnitOfWork): Promise<void> {
    const fact = { origin: { source, time }, productIds: data.productIds };
    await this.events.handle(order, data.orderId, { type: 'NoteStockRefused', data: fact }, { tx });
  }
}
