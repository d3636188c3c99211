import type { RejectionReason } from '@fieldguide/contracts/ordering';

/** How a step that was done is undone; each is a request to the service that did it. */
export type Undo = 'releaseStock' | 'voidPayment';

/** A request that the process sends to another service. */
export type Request = 'reserveStock' | 'authorisePayment' | 'capturePayment';

export interface Step {
  /** The order's status while this step is waited for. */
  readonly during: 'placed' | 'awaitingPayment' | 'confirmed' | 'dispatched';
  /** The event that begins the step. */
  readonly on: string;
  readonly request?: Request;
  readonly waitsFor: readonly string[];
  /** How long, in milliseconds, before it is undone (or, after the pivot, listed for a person). */
  readonly deadlineMs: number;
  /** What is undone when this step ends badly: everything before it that was done, and itself when it may be. */
  readonly undo:
    | { readonly refused: readonly Undo[]; readonly late: readonly Undo[] }
    | 'nothing: after the pivot';
}

const seconds = (count: number) => count * 1_000;
const hours = (count: number) => count * 3_600_000;

/**
 * The checkout as one table: on this fact, send that request, wait that long, else undo. Dispatch is the pivot:
 * before it everything can be undone, after it things can only be finished.
 * The `late` column is what a deadline undoes; this version acts on refusals only.
 */
export const checkout: readonly Step[] = [
  {
    during: 'placed',
    on: 'OrderPlaced',
    request: 'reserveStock',
    waitsFor: ['StockReserved', 'StockRefused'],
    deadlineMs: seconds(30),
    undo: { refused: [], late: ['releaseStock'] },
  },
  {
    during: 'awaitingPayment',
    on: 'StockReserved',
    request: 'authorisePayment',
    waitsFor: ['PaymentAuthorised', 'PaymentDeclined'],
    deadlineMs: seconds(900),
    undo: { refused: ['releaseStock'], late: ['voidPayment', 'releaseStock'] },
  },
  {
    during: 'confirmed',
    on: 'OrderConfirmed',
    waitsFor: ['ShipmentDispatched'],
    deadlineMs: hours(24),
    undo: 'nothing: after the pivot',
  },
  {
    during: 'dispatched',
    on: 'ShipmentDispatched',
    request: 'capturePayment',
    waitsFor: ['PaymentCaptured'],
    deadlineMs: hours(1),
    undo: 'nothing: after the pivot',
  },
];

/** What a refusal in this step undoes. */
export function undoAt(status: string, reason: RejectionReason): readonly Undo[] {
  const step = checkout.find(({ during }) => during === status);
  if (!step || typeof step.undo === 'string')
    throw new Error(`${reason}: nothing can be undone while ${status}`);
  return step.undo.refused;
}

/** The request that an event makes the process send, if any. */
export function requestOn(eventType: string): Request | undefined {
  return checkout.find(({ on }) => on === eventType)?.request;
}
