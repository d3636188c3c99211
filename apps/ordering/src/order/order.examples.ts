import type { OrderCommand, OrderEvent, PricedLine } from './order.events.ts';

// Example data for specs and docs. Fixed values, so that a failure is reproducible.
export const orderId = '01900000-0000-8000-8000-00000000000a';
export const ada = '01900000-0000-7000-9000-000000000001';
const noon = '2030-01-01T12:00:00.000Z';
export const hammock: PricedLine = {
  productId: '01900000-0000-7000-8000-000000000014',
  name: 'Hammock',
  quantity: 2,
  unitPrice: { amountMinor: 6_900, currency: 'EUR' },
};
const paymentId = '01900000-0000-7000-8000-0000000000aa';
const total = { amountMinor: 13_800, currency: 'EUR' };
const from = (source: string) => ({ origin: { source, time: noon } });

const placed = {
  orderId,
  customerId: ada,
  lines: [hammock],
  total,
  paymentToken: 'tok_ok',
  pricesAsOf: noon,
};
export const placeOrder = { type: 'PlaceOrder', data: placed } satisfies OrderCommand;
export const orderPlaced = { type: 'OrderPlaced', data: placed } satisfies OrderEvent;
export const stockReserved = {
  type: 'StockReserved',
  data: from('/inventory'),
} satisfies OrderEvent;
export const stockRefused = {
  type: 'StockRefused',
  data: { ...from('/inventory'), productIds: [hammock.productId] },
} satisfies OrderEvent;
export const paymentAuthorised = {
  type: 'PaymentAuthorised',
  data: { ...from('/payments'), paymentId },
} satisfies OrderEvent;
export const paymentDeclined = {
  type: 'PaymentDeclined',
  data: { ...from('/payments'), paymentId, reason: 'paymentDeclined' },
} satisfies OrderEvent;
export const orderConfirmed = { type: 'OrderConfirmed', data: { orderId } } satisfies OrderEvent;
export const shipmentDispatched = {
  type: 'ShipmentDispatched',
  data: {
    ...from('/shipping'),
    shipmentId: '01900000-0000-7000-8000-0000000000bb',
    trackingNumber: 'FG0000000001',
    dispatchedAt: noon,
  },
} satisfies OrderEvent;
export const paymentCaptured = {
  type: 'PaymentCaptured',
  data: { ...from('/payments'), paymentId, amount: total },
} satisfies OrderEvent;
export const orderCompleted = { type: 'OrderCompleted', data: { orderId } } satisfies OrderEvent;
export const rejectedOutOfStock = {
  type: 'OrderRejected',
  data: { orderId, reason: 'outOfStock', undo: [] },
} satisfies OrderEvent;
export const rejectedPaymentDeclined = {
  type: 'OrderRejected',
  data: { orderId, reason: 'paymentDeclined', undo: ['releaseStock'] },
} satisfies OrderEvent;

export const stockReleased = {
  type: 'StockReleased',
  data: from('/inventory'),
} satisfies OrderEvent;
export const paymentVoided = {
  type: 'PaymentVoided',
  data: { ...from('/payments'), paymentId },
} satisfies OrderEvent;
export const cancelOrder = {
  type: 'CancelOrder',
  data: { customerId: ada },
} satisfies OrderCommand;
export const cancellationRequested = {
  type: 'CancellationRequested',
  data: { orderId },
} satisfies OrderEvent;
export const shipmentCancelled = {
  type: 'ShipmentCancelled',
  data: { ...from('/shipping'), reason: 'requested' },
} satisfies OrderEvent;
/** Compensates all completed steps. */
export const cancelled = {
  type: 'OrderCancelled',
  data: { orderId, undo: ['voidPayment', 'releaseStock'] },
} satisfies OrderEvent;
export const rejectedPaymentTimeout = {
  type: 'OrderRejected',
  data: { orderId, reason: 'paymentTimeout', undo: ['voidPayment', 'releaseStock'] },
} satisfies OrderEvent;

/** The seven events of the happy path. */
export const happyPath: OrderEvent[] = [
  orderPlaced,
  stockReserved,
  paymentAuthorised,
  orderConfirmed,
  shipmentDispatched,
  paymentCaptured,
  orderCompleted,
];
