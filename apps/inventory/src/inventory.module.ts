import { Module } from '@nestjs/common';
import { ReplenishStockController } from './replenish-stock/replenish-stock.controller.ts';
import { StockController } from './stock/stock.controller.ts';
import { WhenOrderCompleted } from './when-order-completed/when-order-completed.ts';
import { WhenStockIsRequested } from './when-stock-is-requested/when-stock-is-requested.ts';

/** The map of the service: what it answers, and what it listens to. */
@Module({
  controllers: [
    StockController,
    ReplenishStockController,
    WhenStockIsRequested,
    WhenOrderCompleted,
  ],
})
export class InventoryModule {}
