import { describeProviderPacts } from '@fieldguide/contract-testing/provider';
import { product } from '@fieldguide/contracts/catalog/examples';
import { catalog } from '../src/catalog.definition.ts';
import { Product } from '../src/product/product.entity.ts';
import { Products } from '../src/product/products.ts';

describeProviderPacts(catalog, {
  callers: { staff: { id: 'the-staff', scope: 'catalog:write' } },
  states: ({ app, parts }) => {
    const { manager } = parts.database!.source;
    const { sku, name, description, category, price } = product.value;
    const isSold = ({ productId = '' }) => manager.existsBy(Product, { id: productId });
    const sell = ({ productId = '' }) =>
      parts.units!.run((uow) => {
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
