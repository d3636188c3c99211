import { Clock } from '@fieldguide/clock';
import { Product } from '@fieldguide/contracts/catalog';
import { Database } from '@fieldguide/database';
import { ServiceClient } from '@fieldguide/service';
import { Injectable, Logger } from '@nestjs/common';
import { errors } from '../order/order.errors.ts';
import { OrderingConfig } from '../ordering.config.ts';
import { PriceFreshness } from './price-freshness.ts';
import { Prices } from './prices.ts';
import { ProductPrice } from './product-price.entity.ts';

/** The fields that ordering reads of a product. */
export const Offer = Product.pick({ id: true, name: true, price: true, retired: true });

interface Offered {
  readonly name: string;
  readonly price: { amountMinor: number; currency: string };
  readonly retired: boolean;
}

/**
 * Uses the local copy while it is fresh, else the catalog, else the copy up to a maximum age (stale if error), else an
 * error. Not stale while revalidating: an order is binding, so it waits for the current price.
 */
@Injectable()
export class ProductPrices extends Prices {
  readonly #log = new Logger('product-prices');
  readonly #fetching = new Map<string, ReturnType<typeof fetchOffer>>();

  constructor(
    private readonly database: Database,
    private readonly freshness: PriceFreshness,
    private readonly peers: ServiceClient,
    private readonly clock: Clock,
    private readonly config: OrderingConfig,
  ) {
    super();
  }

  override async priced(lines: readonly { productId: string; quantity: number }[]) {
    const ids = lines.map(({ productId }) => productId);
    const { offers, asOf } = await this.#offers(ids);
    const priced = lines.map(({ productId, quantity }) => {
      const offer = offers.get(productId);
      if (!offer) throw errors.productNotFound(productId);
      if (offer.retired) throw errors.productRetired(productId);
      return { productId, name: offer.name, quantity, unitPrice: offer.price };
    });
    const { currency } = priced[0]!.unitPrice;
    if (priced.some(({ unitPrice }) => unitPrice.currency !== currency))
      throw errors.currenciesMixed();
    const amountMinor = priced.reduce(
      (sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amountMinor,
      0,
    );
    return { lines: priced, total: { amountMinor, currency }, asOf };
  }

  async #offers(ids: readonly string[]): Promise<{ offers: Map<string, Offered>; asOf: Date }> {
    const known = await this.#known(ids);
    const asOf = this.freshness.asOf(ids);
    if (asOf && this.freshness.isFresh(ids) && known.size === ids.length)
      return { offers: known, asOf };
    try {
      return { offers: await this.#fetched(ids), asOf: this.clock.now() };
    } catch (error) {
      const tooOld = !asOf || asOf < this.clock.fromNow(-this.config.PRICE_AGE_MS_MAX);
      if (tooOld || known.size < ids.length) throw errors.pricesUnavailable();
      this.#log.warn(`Priced as of ${asOf.toISOString()}, because ${(error as Error).message}`);
      return { offers: known, asOf };
    }
  }

  async #known(ids: readonly string[]): Promise<Map<string, Offered>> {
    const rows = await this.database.find(ProductPrice, { productId: ids }, ids.length);
    return new Map(rows.map((row) => [row.productId, row]));
  }

  async #fetched(ids: readonly string[]): Promise<Map<string, Offered>> {
    const offers = await Promise.all(ids.map((id) => this.#fetchOnce(id)));
    return new Map(offers.flatMap((offer) => (offer ? [[offer.id, offer] as const] : [])));
  }

  /** Concurrent orders of one product share a call. */
  #fetchOnce(id: string): ReturnType<typeof fetchOffer> {
    const running = this.#fetching.get(id);
    if (running) return running;
    const fetching = fetchOffer(id, this.peers).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, fetching);
    return fetching;
  }
}

/** Calls the catalog. @returns undefined when there is no such product @throws CallFailedError */
export function fetchOffer(id: string, peers: ServiceClient) {
  return peers.call({
    peer: 'catalog',
    path: `/products/${id}`,
    route: '/products/:id',
    responseSchema: Offer,
  });
}
