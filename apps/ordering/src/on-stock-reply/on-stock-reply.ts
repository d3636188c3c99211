import { StockRefused, StockReleased, StockReserved } from '@fieldguide/contracts/inventory';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { OrderCommandHandler } from '../order/order-command-handler.ts';

export const Reserved = consumes(StockReserved, 'orderId');
export const Refused = consumes(StockRefused, 'orderId', 'productIds');
export const Released = consumes(StockReleased, 'orderId');

@Controller()
export class OnStockReply {
  constructor(private readonly orders: OrderCommandHandler) {}

  @OnMessage(Reserved)
  async reserved(
    { source, time, data }: MessageOf<typeof Reserved>,
    tx: UnitOfWork,
  ): Promise<void> {
    const reply = { origin: { source, time } };
    await this.orders.handle(data.orderId, { type: 'RecordStockReserved', data: reply }, tx);
  }

  @OnMessage(Refused)
  async refused({ source, time, data }: MessageOf<typeof Refused>, tx: UnitOfWork): Promise<void> {
    const reply = { origin: { source, time }, productIds: data.productIds };
    await this.orders.handle(data.orderId, { type: 'RecordStockRefused', data: reply }, tx);
  }

  @OnMessage(Released)
  async released(
    { source, time, data }: MessageOf<typeof Released>,
    tx: UnitOfWork,
  ): Promise<void> {
    const reply = { origin: { source, time } };
    await this.orders.handle(data.orderId, { type: 'RecordStockReleased', data: reply }, tx);
  }
}
