import type { RejectionReason } from '@fieldguide/contracts/ordering';

/** How a step that was done is undone; each is a request to the service that did it, and is answered. */
export const compensations = ['releaseStock', 'voidPayment'] as const;
export type Compensation = (typeof compensations)[number];

/** What the process says to other services. */
export const checkoutMessages = [
  'reserveStock',
  'authorisePayment',
  'confirmOrder',
  'requestCancellation',
  'capturePayment',
  ...compensations,
] as const;
export type CheckoutMessage = (typeof checkoutMessages)[number];

/** What is waited for: one of the table's steps, or, when the order has ended, that everything is undone. */
export const stepNames = [
  'placed',
  'awaitingPayment',
  'confirmed',
  'cancelling',
  'dispatched',
  'undoing',
] as const;
export type StepName = (typeof stepNames)[number];

export interface Step {
  /** The order's status while this step is waited for. */
  readonly whileStatus: Exclude<StepName, 'undoing'>;
  /** The event that begins the step, and what is said then. */
  readonly on: string;
  readonly send: CheckoutMessage;
  readonly waitsFor: readonly string[];
  /** Before the pivot a step that is late or cancelled ends the order; after it, it is listed for a person. */
  readonly onTimeout: RejectionReason | 'overdue';
  /** What is undone when this step ends badly: everything before it that was done, and itself when it may be. */
  readonly compensate: {
    readonly refused: readonly Compensation[];
    readonly timedOut: readonly Compensation[];
  };
}

const everything = ['voidPayment', 'releaseStock'] as const;
const nothing = { refused: [], timedOut: [] } as const;

/**
 * The checkout as one table: on this fact, send that request, wait that long, else undo. Dispatch is the pivot:
 * before it everything can be undone, after it things can only be finished. Between confirmation and dispatch
 * shipping decides, so that a cancellation and a dispatch cannot both win.
 */
export const checkout: readonly Step[] = [
  {
    whileStatus: 'placed',
    on: 'OrderPlaced',
    send: 'reserveStock',
    waitsFor: ['StockReserved', 'StockRefused'],
    onTimeout: 'stockTimeout',
    compensate: { refused: [], timedOut: ['releaseStock'] },
  },
  {
    whileStatus: 'awaitingPayment',
    on: 'StockReserved',
    send: 'authorisePayment',
    waitsFor: ['PaymentAuthorised', 'PaymentDeclined'],
    onTimeout: 'paymentTimeout',
    compensate: { refused: ['releaseStock'], timedOut: everything },
  },
  {
    whileStatus: 'confirmed',
    on: 'OrderConfirmed',
    send: 'confirmOrder',
    waitsFor: ['ShipmentDispatched', 'ShipmentCancelled'],
    onTimeout: 'overdue',
    compensate: { refused: everything, timedOut: [] },
  },
  {
    whileStatus: 'cancelling',
    on: 'CancellationRequested',
    send: 'requestCancellation',
    waitsFor: ['ShipmentDispatched', 'ShipmentCancelled'],
    onTimeout: 'overdue',
    compensate: { refused: everything, timedOut: [] },
  },
  {
    whileStatus: 'dispatched',
    on: 'ShipmentDispatched',
    send: 'capturePayment',
    waitsFor: ['PaymentCaptured'],
    onTimeout: 'overdue',
    compensate: nothing,
  },
];

/** How long each step may take, in milliseconds; each is a live setting. */
export const deadlines = {
  STOCK_DEADLINE_MS: 30_000,
  PAYMENT_DEADLINE_MS: 15 * 60_000,
  SHIPMENT_DEADLINE_MS: 24 * 3_600_000,
  CAPTURE_DEADLINE_MS: 3_600_000,
  UNDO_DEADLINE_MS: 3_600_000,
};
export type Deadline = keyof typeof deadlines;

export const deadlineOf: Readonly<Record<StepName, Deadline>> = {
  placed: 'STOCK_DEADLINE_MS',
  awaitingPayment: 'PAYMENT_DEADLINE_MS',
  confirmed: 'SHIPMENT_DEADLINE_MS',
  cancelling: 'SHIPMENT_DEADLINE_MS',
  dispatched: 'CAPTURE_DEADLINE_MS',
  undoing: 'UNDO_DEADLINE_MS',
};

/** The step that an order with this status waits in; none when it has not begun or has ended. */
export function stepOfStatus(status: string): Step | undefined {
  return checkout.find(({ whileStatus }) => whileStatus === status);
}

/** What an event makes the process say, if anything. */
export function messageAfter(eventType: string): CheckoutMessage | undefined {
  return checkout.find(({ on }) => on === eventType)?.send;
}
