/** Whether nothing more is expected to happen: the order has ended, and what it held is released. */
export function isSettled(types: readonly string[]): boolean {
  const has = (type: string) => types.includes(type);
  if (has('OrderCompleted')) return true;
  if (!has('OrderRejected') && !has('OrderCancelled')) return false;
  return compensations.every(([held, released]) => !has(held) || has(released));
}

const compensations = [
  ['StockReserved', 'StockReleased'],
  ['PaymentAuthorised', 'PaymentVoided'],
] as const;

/** What was reverted after an order was rejected or cancelled, in words. */
export function compensationWords(types: readonly string[]): string {
  const parts = [
    types.includes('StockReleased') && 'the goods are back on the shelf',
    types.includes('PaymentVoided') && 'the payment is void',
  ].filter(Boolean);
  if (parts.length > 0) return `What was reverted: ${parts.join(', and ')}.`;
  return isSettled(types) ? 'Nothing was charged.' : 'What was held for it is being released.';
}

const CANCELLABLE = ['placed', 'awaitingPayment', 'confirmed'];
/** Whether a cancellation may still succeed. Shipping has the last word. */
export const isCancellable = (status: string) => CANCELLABLE.includes(status);

/** Time since the order was placed, for example `+1.2 s`. */
export function sincePlaced(placedAt: string, time: string): string {
  const seconds = Math.max(0, Date.parse(time) - Date.parse(placedAt)) / 1_000;
  if (seconds < 100) return `+${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `+${minutes} min`;
  return `+${Math.floor(minutes / 60)} h`;
}
