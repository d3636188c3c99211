import { StockRefused, StockReleased, StockReserved } from '@fieldguide/contracts/inventory';
import type { UnitOfWork } from '@fieldguide/database';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { OpenCheckouts } from '../open-checkouts/open-checkouts.ts';

export const Reserved = heard(StockReserved, 'orderId');
export const Refused = heard(StockRefused, 'orderId', 'productIds');
export const Released = heard(StockReleased, 'orderId');

@Controller()
export class OnStockReply {
  constructor(private readonly checkouts: OpenCheckouts) {}

  @On(Reserved)
  async reserved({ source, time, data }: Heard<typeof Reserved>, tx: UnitOfWork): Promise<void> {
    const reply = { origin: { source, time } };
    await this.checkouts.handle(data.orderId, { type: 'RecordStockReserved', data: reply }, tx);
  }

  @On(Refused)
  async refused({ source, time, data }: Heard<typeof Refused>, tx: UnitOfWork): Promise<void> {
    const reply = { origin: { source, time }, productIds: data.productIds };
    await this.checkouts.handle(data.orderId, { type: 'RecordStockRefused', data: reply }, tx);
  }

  @On(Released)
  async released({ source, time, data }: Heard<typeof Released>, tx: UnitOfWork): Promise<void> {
    const reply = { origin: { source, time } };
    await this.checkouts.handle(data.orderId, { type: 'RecordStockReleased', data: reply }, tx);
  }
}
