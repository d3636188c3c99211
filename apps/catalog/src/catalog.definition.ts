import { defineService } from '@fieldguide/service';
import { CatalogTables1760000002000 } from '../migrations/1760000002000-catalog-tables.ts';
import { CatalogConfig } from './catalog.config.ts';
import { CatalogModule } from './catalog.module.ts';
import { Product } from './product/product.entity.ts';
import { currentProducts } from './publish-products/publish-products.ts';
import { seedProducts } from './seed/seed-products.ts';

export const catalog = defineService({
  name: 'catalog',
  config: CatalogConfig,
  module: CatalogModule,
  database: {
    entities: [Product],
    migrations: [CatalogTables1760000002000],
    currentState: currentProducts,
    seed: seedProducts,
  },
});
