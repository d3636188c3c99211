import { DatabaseModule } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { CatalogTables1760000002000 } from '../migrations/1760000002000-catalog-tables.ts';
import { Product } from './product/product.entity.ts';
import { ProductsController } from './product/products.controller.ts';
import { Products } from './product/products.ts';
import { CurrentProducts } from './publish-products/publish-products.ts';
import { ProductSeeder } from './seed/seed-products.ts';

/** The map of the service. Plain CRUD on purpose: see docs/adr/0003. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'catalog' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({
      entities: [Product],
      migrations: [CatalogTables1760000002000],
      seeder: ProductSeeder,
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot({ compacted: CurrentProducts }),
  ],
  controllers: [ProductsController],
  providers: [Products],
})
export class CatalogModule {}
