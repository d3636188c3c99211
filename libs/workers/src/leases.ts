/** The exclusive right to some work, for a limited time. The epoch increases with every new holder. */
export interface Lease {
  readonly name: string;
  readonly epoch: string;
}

/** Another instance holds the lease now: stop, and write nothing more. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';

  constructor(name: string) {
    super(`The lease ${name} has another holder now`);
  }
}

/** The result of acquiring a lease. */
export interface LeaseAttempt {
  /** Undefined while another instance holds the lease. */
  readonly lease?: Lease;
  /** When to acquire it again: well before it expires, or when the other instance's lease has expired. */
  readonly retryInMs: number;
}

/**
 * Gives some work to one instance at a time. Holding a lease is only a hint; safety comes from checking the epoch in every
 * critical transaction.
 */
export abstract class Leases {
  /** Acquires a free or expired lease, or renews its own. */
  abstract acquire(name: string): Promise<LeaseAttempt>;

  /** Returns whether no other instance has held the lease since this one acquired it. */
  abstract isCurrent(lease: Lease): Promise<boolean>;

  /** Returns the current holders: lease name → holder. */
  abstract holders(): Promise<Map<string, string>>;

  /** Releases the lease immediately, so that a successor need not wait. */
  abstract release(lease: Lease): Promise<void>;
}
