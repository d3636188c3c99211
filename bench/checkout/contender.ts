import type { Watched } from './usage.ts';

/** A shop that takes orders over HTTP: the project's, or the naive one beside it. */
export interface Contender {
  readonly gatewayUrl: string;
  readonly watched: Watched;
  /** Wait of each order that is no work: from its confirmation to its dispatch. */
  readonly dispatchDelayMs: number;
  /** Counts the orders that have not ended. */
  countOpen(): Promise<number>;
  /** Returns whether nothing is reserved and no message waits to be sent. */
  isQuiet(): Promise<boolean>;
  /** Returns the end of each order that was placed since `sinceMs` (Unix time). */
  ends(sinceMs: number): Promise<ReadonlyMap<string, End>>;
  /** @throws Error when money or stock is wrong, or a message is parked */
  assertInvariants(): Promise<void>;
  close(): Promise<void>;
}

export interface End {
  /** `completed`, or another end with its reason. */
  readonly end: string;
  /** Unix time. */
  readonly atMs: number;
}

/** @throws Error that voids the results */
export function assertEqual(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`Invariant failed: ${what}: ${found}, not ${wanted}`);
}
