import { ProductChanged } from '@fieldguide/contracts/catalog';
import {
  CompactedTopics,
  type CurrentState,
  message,
  type NewMessage,
} from '@fieldguide/messaging';
import { Product } from '../product/product.entity.ts';

/** Builds the published event of a product; written to the outbox in the transaction of the change. */
export function productChanged({
  id,
  sku,
  name,
  category,
  priceMinor,
  currency,
  retired,
  version,
}: Product): NewMessage {
  const price = { amountMinor: Number(priceMinor), currency };
  const product = { productId: id, sku, name, category, price, retired, revision: version };
  return message(ProductChanged, id, product);
}

/** The topic is compacted: its last record of a product has to be the current one. */
export class CurrentProducts extends CompactedTopics {
  override readonly current: CurrentState = {
    [ProductChanged.topic]: async (uow, id) => {
      const [product] = await uow.lock(Product, [id]);
      return product && productChanged(product);
    },
  };
}
