import { Seeder, type UnitOfWork } from '@fieldguide/database';
import { publishMessage } from '@fieldguide/messaging';
import { Product } from '../product/product.entity.ts';
import { productChanged } from '../publish-products/publish-products.ts';
import { products } from './products.ts';

/** Adds what is missing; a product that is there stays as it is. */
export class ProductSeeder extends Seeder {
  override async seed(uow: UnitOfWork): Promise<void> {
    for (const { price, ...rest } of products) {
      if (await uow.load(Product, rest.id)) continue;
      const product = Object.assign(new Product(), {
        ...rest,
        priceMinor: String(price.amountMinor),
        currency: price.currency,
        updatedAt: uow.now(),
      });
      await uow.save(Product, product);
      publishMessage(uow, productChanged(product));
    }
  }
}
