import { DatabaseModule } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { InventoryTables1760000002000 } from '../migrations/1760000002000-inventory-tables.ts';
import { OnOrderCompleted } from './on-order-completed/on-order-completed.ts';
import { ReplenishStockController } from './replenish-stock/replenish-stock.controller.ts';
import { Replenishment } from './replenish-stock/replenishment.entity.ts';
import { Reservation } from './reservation/reservation.entity.ts';
import { ReserveStockHandler } from './reserve-stock/reserve-stock.ts';
import { StockSeeder } from './seed/seed-stock.ts';
import { PrefetchStock } from './stock/prefetch-stock.ts';
import { StockController } from './stock/stock.controller.ts';
import { Stock } from './stock/stock.entity.ts';

/** The map of the service: controllers and message handlers. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'inventory' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({
      entities: [Stock, Reservation, Replenishment],
      migrations: [InventoryTables1760000002000],
      seeder: StockSeeder,
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot({ prefetch: PrefetchStock }),
  ],
  controllers: [StockController, ReplenishStockController, ReserveStockHandler, OnOrderCompleted],
})
export class InventoryModule {}
