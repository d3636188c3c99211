import { Module } from '@nestjs/common';
import { OnOrderCompleted } from './on-order-completed/on-order-completed.ts';
import { ReplenishStockController } from './replenish-stock/replenish-stock.controller.ts';
import { ReserveStockHandler } from './reserve-stock/reserve-stock.ts';
import { StockController } from './stock/stock.controller.ts';

/** The map of the service: controllers and message handlers. */
@Module({
  controllers: [StockController, ReplenishStockController, ReserveStockHandler, OnOrderCompleted],
})
export class InventoryModule {}
