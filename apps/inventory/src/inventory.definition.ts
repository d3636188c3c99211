import { defineService } from '@fieldguide/service';
import { InventoryTables1760000002000 } from '../migrations/1760000002000-inventory-tables.ts';
import { InventoryConfig } from './inventory.config.ts';
import { InventoryModule } from './inventory.module.ts';
import { Replenishment } from './replenish-stock/replenishment.entity.ts';
import { Reservation } from './reservation/reservation.entity.ts';
import { seedStock } from './seed/seed-stock.ts';
import { Stock } from './stock/stock.entity.ts';

export const inventory = defineService({
  name: 'inventory',
  config: InventoryConfig,
  module: InventoryModule,
  database: {
    entities: [Stock, Reservation, Replenishment],
    migrations: [InventoryTables1760000002000],
    seed: seedStock,
  },
});
