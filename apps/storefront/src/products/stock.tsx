import { useLoaded } from '../loading/use-loaded.ts';
import { shop } from '../shop.ts';

/** How many are free to order. Nothing is shown while inventory does not answer: stock of earlier is no promise. */
export function Stock({ productId, version = 0 }: { productId: string; version?: number }) {
  const key = `stock/${productId}?${version}`;
  const { value, error } = useLoaded(key, () => shop.availability(productId));
  if (!value || error !== undefined) return <span className="stock" />;
  return <span className={`stock ${levelOf(value.freeUnits)}`}>{stockWords(value.freeUnits)}</span>;
}

const levelOf = (units: number) => (units === 0 ? 'none' : units < 10 ? 'few' : 'many');

function stockWords(units: number): string {
  if (units === 0) return 'Out of stock';
  if (units < 10) return `${units} left`;
  return units > 999 ? 'Plenty in stock' : `${units} in stock`;
}
