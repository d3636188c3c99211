import { describeProviderPacts } from '@fieldguide/contract-testing/provider';
import { product } from '@fieldguide/contracts/catalog/examples';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { CatalogModule } from '../src/catalog.module.ts';
import { Product } from '../src/product/product.entity.ts';
import { Products } from '../src/product/products.ts';

describeProviderPacts('catalog', CatalogModule, {
  callers: { staff: { id: 'the-staff', scope: 'catalog:write' } },
  states: (app) => {
    const { manager } = app.get(Database).source;
    const units = app.get(UnitOfWorkRunner);
    const { sku, name, description, category, price } = product.value;
    const isSold = ({ productId = '' }) => manager.existsBy(Product, { id: productId });
    const sell = ({ productId = '' }) =>
      units.run((uow) => {
        const row = { id: productId, sku, name, description, category, updatedAt: uow.now() };
        const costs = { priceMinor: String(price.amountMinor), currency: price.currency };
        return uow.save(Product, Object.assign(new Product(), row, costs));
      });
    return {
      'a product is sold': { set: sell, holds: isSold },
      'a product was repriced': {
        set: async (values) => {
          await sell(values);
          await app.get(Products).change(values['productId']!, 1, { price });
        },
        holds: isSold,
      },
      'no product is sold': { holds: async (values) => !(await isSold(values)) },
      'nothing is sold under this number': {
        holds: async ({ sku: taken = '' }) => !(await manager.existsBy(Product, { sku: taken })),
      },
    };
  },
});
