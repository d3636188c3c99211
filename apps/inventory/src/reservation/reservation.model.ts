import type { Reservation, ReservedLine } from './reservation.entity.ts';

/** The outcome of a request to reserve. `productIds` are the products that were short, where this request found out. */
export type Outcome =
  | 'reserved'
  | { readonly reason: 'outOfStock' | 'released'; readonly productIds: readonly string[] };

/** Adds up the units of each product: a product may be in several lines. */
export function unitsOf(lines: readonly ReservedLine[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { productId, quantity } of lines)
    units.set(productId, (units.get(productId) ?? 0) + quantity);
  return units;
}

/** All or nothing. @returns the products of which fewer units are free than the lines need; none when all can be reserved */
export function shortages(
  lines: readonly ReservedLine[],
  freeUnits: ReadonlyMap<string, number>,
): string[] {
  return [...unitsOf(lines)]
    .filter(([productId, units]) => (freeUnits.get(productId) ?? 0) < units)
    .map(([productId]) => productId);
}

/** Returns what a further request to reserve gets: the first outcome, also when there is stock by now. */
export function outcomeOf({ status }: Reservation): Outcome {
  if (status === 'refused') return { reason: 'outOfStock', productIds: [] };
  if (status === 'released') return { reason: 'released', productIds: [] };
  return 'reserved';
}

/**
 * Releases a reservation, once. One that holds nothing becomes a tombstone, which refuses the request that comes later.
 * @returns the lines whose units are free again
 * @throws Error when the goods have left
 */
export function release(reservation: Reservation): readonly ReservedLine[] {
  const { status, lines, orderId } = reservation;
  if (status === 'shipped')
    throw new Error(`The goods of order ${orderId} have left: they cannot be put back`);
  reservation.status = 'released';
  return status === 'reserved' ? lines : [];
}

/** Marks the goods as shipped, once. @returns the lines that leave the stock */
export function ship(reservation: Reservation): readonly ReservedLine[] {
  if (reservation.status !== 'reserved') return [];
  reservation.status = 'shipped';
  return reservation.lines;
}
