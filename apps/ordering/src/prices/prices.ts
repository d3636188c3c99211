import type { Money } from '@fieldguide/contracts/money';
import type { PricedLine } from '../order/order.events.ts';

/** Ordering's port to the catalog. */
export abstract class Prices {
  /**
   * @returns the lines with their prices, the total, and the time at which the prices were current
   * @throws DomainError productNotFound, productRetired, currenciesMixed, pricesUnavailable
   */
  abstract priced(
    lines: readonly { productId: string; quantity: number }[],
  ): Promise<{ lines: PricedLine[]; total: Money; asOf: Date }>;
}
