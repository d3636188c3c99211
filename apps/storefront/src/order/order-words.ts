import type { OrderStatus, RejectionReason } from '@fieldguide/contracts/ordering';

export type Lane = 'ordering' | 'inventory' | 'payments' | 'shipping';
export const lanes: readonly Lane[] = ['ordering', 'inventory', 'payments', 'shipping'];

export type Mood = 'good' | 'waiting' | 'info' | 'bad';

/** Each event of an order in the customer's words, and how it reads: a spec compares the types with ordering's. */
export const eventWords: Readonly<Record<string, readonly [words: string, mood: Mood]>> = {
  OrderPlaced: ['Placed', 'info'],
  StockReserved: ['Goods reserved', 'info'],
  StockRefused: ['Some goods are out of stock', 'bad'],
  PaymentAuthorised: ['Payment authorised', 'info'],
  PaymentDeclined: ['Payment declined', 'bad'],
  OrderConfirmed: ['Confirmed', 'info'],
  ShipmentDispatched: ['Dispatched', 'info'],
  PaymentCaptured: ['Paid', 'good'],
  OrderCompleted: ['Complete', 'good'],
  OrderRejected: ['Order rejected', 'bad'],
  StockReleased: ['Goods put back', 'waiting'],
  PaymentVoided: ['Payment voided, nothing was charged', 'waiting'],
  CancellationRequested: ['Cancellation requested', 'waiting'],
  ShipmentCancelled: ['Shipment stopped', 'waiting'],
  OrderCancelled: ['Order cancelled', 'bad'],
  DeadlinePassed: ['No answer in time', 'bad'],
  CheckoutOverdue: ['This takes longer than usual; we are looking into it', 'waiting'],
  CheckoutRetried: ['Tried once more', 'waiting'],
  CheckoutAbandoned: ['Ended by our staff', 'bad'],
};

/** The message handler of each event that has one: a spec compares it with the sources. */
export const eventHandlers: Readonly<Record<string, string>> = {
  StockReserved: 'apps/ordering/src/on-stock-reply/on-stock-reply.ts',
  StockRefused: 'apps/ordering/src/on-stock-reply/on-stock-reply.ts',
  StockReleased: 'apps/ordering/src/on-stock-reply/on-stock-reply.ts',
  PaymentAuthorised: 'apps/ordering/src/on-payment-reply/on-payment-reply.ts',
  PaymentDeclined: 'apps/ordering/src/on-payment-reply/on-payment-reply.ts',
  PaymentCaptured: 'apps/ordering/src/on-payment-reply/on-payment-reply.ts',
  PaymentVoided: 'apps/ordering/src/on-payment-reply/on-payment-reply.ts',
  OrderConfirmed: 'apps/shipping/src/on-order-confirmed/on-order-confirmed.ts',
  CancellationRequested: 'apps/shipping/src/on-cancellation-request/on-cancellation-request.ts',
  ShipmentDispatched: 'apps/ordering/src/on-shipment-reply/on-shipment-reply.ts',
  ShipmentCancelled: 'apps/ordering/src/on-shipment-reply/on-shipment-reply.ts',
  OrderCompleted: 'apps/inventory/src/on-order-completed/on-order-completed.ts',
};

export const statusWords: Readonly<Record<OrderStatus, readonly [words: string, mood: Mood]>> = {
  placed: ['Placed', 'info'],
  awaitingPayment: ['Waiting for the bank', 'waiting'],
  confirmed: ['Confirmed', 'info'],
  dispatched: ['On its way', 'info'],
  completed: ['Complete', 'good'],
  rejected: ['Rejected', 'bad'],
  cancelling: ['Cancelling', 'waiting'],
  cancelled: ['Cancelled', 'bad'],
};

export const reasonWords: Readonly<Record<RejectionReason, string>> = {
  outOfStock: 'Some of the goods are out of stock.',
  stockTimeout: 'The warehouse did not answer in time.',
  paymentDeclined: 'Your bank declined the payment.',
  insufficientFunds: 'Your bank declined the payment: the card has too little money on it.',
  paymentTimeout: 'Your bank did not answer in time.',
  abandoned: 'Our staff had to end this order.',
};

/** The lane that an event belongs to: the service whose reply it is. */
export const laneOf = (source: string): Lane => lanes.find((lane) => lane === source) ?? 'ordering';
