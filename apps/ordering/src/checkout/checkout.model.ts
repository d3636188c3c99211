import type { RejectionReason } from '@fieldguide/contracts/ordering';

/** Compensations: each is a command to the service that executed the step, and gets a reply. */
export const compensations = ['releaseStock', 'voidPayment'] as const;
export type Compensation = (typeof compensations)[number];

/** Messages of the process to other services. */
export const checkoutMessages = [
  'reserveStock',
  'authorisePayment',
  'confirmOrder',
  'requestCancellation',
  'capturePayment',
  ...compensations,
] as const;
export type CheckoutMessage = (typeof checkoutMessages)[number];

/** What the order waits for: a step of the table or, once it has ended, its pending compensations. */
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
  /** The event that begins the step, and the message sent then. */
  readonly on: string;
  readonly send: CheckoutMessage;
  readonly waitsFor: readonly string[];
  /** Before the pivot a timeout or a cancellation ends the order; after it the order is listed for an operator. */
  readonly onTimeout: RejectionReason | 'overdue';
  /** Compensations when this step fails: for all completed steps, and for this one when its outcome is unknown. */
  readonly compensate: {
    readonly refused: readonly Compensation[];
    readonly timedOut: readonly Compensation[];
  };
}

const everything = ['voidPayment', 'releaseStock'] as const;
const nothing = { refused: [], timedOut: [] } as const;

/**
 * The checkout as one table: on this event, send that message, wait that long, else compensate. Dispatch is the pivot:
 * before it everything can be compensated, after it the order can only be completed. Between confirmation and dispatch
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

/** Steps whose deadline ends the order: in them it waits for inventory or payments. */
export const stepsEndedByDeadline = checkout.filter(({ onTimeout }) => onTimeout !== 'overdue');

/** Returns the step of this status; undefined before the first and after the last. */
export function stepOfStatus(status: string): Step | undefined {
  return checkout.find(({ whileStatus }) => whileStatus === status);
}

/** Returns the message that the process sends after an event, if any. */
export function messageAfter(eventType: string): CheckoutMessage | undefined {
  return checkout.find(({ on }) => on === eventType)?.send;
}
