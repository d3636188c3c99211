import type { Money } from '@fieldguide/contracts/money';
import type { PricedLine } from '../order/order.events.ts';

/** What ordering needs to know of the catalog, in ordering's own words. */
export abstract class Prices {
  /**
   * @returns the lines with their prices, the total, and since when the prices are known to be right
   * @throws DomainError productNotFound, productRetired, currenciesMixed, pricesUnavailable
   */
  abstract priced(
    lines: readonly { productId: string; quantity: number }[],
  ): Promise<{ lines: PricedLine[]; total: Money; asOf: Date }>;
}
