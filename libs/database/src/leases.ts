import type { Database } from './database.ts';

/** The right to do something alone, for a while. The epoch grows with every new holder. */
export interface Lease {
  readonly name: string;
  readonly epoch: string;
}

/** Somebody else holds the lease by now: stop, and write nothing more. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';

  constructor(name: string) {
    super(`The lease ${name} has another holder by now`);
  }
}

/** What asking for a lease came to. */
export interface LeaseAttempt {
  /** Undefined while somebody else has it. */
  readonly lease?: Lease;
  /** When to ask again: well before it ends, or when the other's has. */
  readonly retryInMs: number;
}

/** Asking at the very end would come too early. */
const MARGIN_MS = 10;

/**
 * Leases as rows with an expiry and an epoch, on the database's own clock. Being the holder is a hint; what makes it
 * safe is that every statement that counts checks the epoch (`UnitOfWork.assertHeld`). No session locks: a pooler
 * or a lost connection would drop them without a word.
 */
export class Leases {
  readonly #database: Database;
  readonly #holder: string;
  readonly #ttlMs: number;

  /** @param ttlMs how long a dead or frozen holder blocks the others */
  constructor(database: Database, holder: string, ttlMs = 4_000) {
    this.#database = database;
    this.#holder = holder;
    this.#ttlMs = ttlMs;
  }

  /** Takes a free or expired lease, or renews our own. */
  async acquire(name: string): Promise<LeaseAttempt> {
    // The clock's time, not the transaction's: whoever waited for a frozen one's lock must see that time has passed.
    const [row] = await this.#database.query<{ epoch: string | null; left: number }>(
      `WITH held AS (
         INSERT INTO leases AS mine (name, holder, epoch, expires_at)
         VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 ms')
         ON CONFLICT (name) DO UPDATE SET
           epoch = mine.epoch + CASE WHEN mine.holder = $2 THEN 0 ELSE 1 END,
           holder = $2, expires_at = clock_timestamp() + $3 * interval '1 ms'
         WHERE mine.holder = $2 OR mine.expires_at < clock_timestamp()
         RETURNING epoch
       )
       SELECT epoch, 0 AS left FROM held
       UNION ALL
       SELECT NULL, (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8
       FROM leases WHERE name = $1 AND NOT EXISTS (SELECT FROM held)`,
      [name, this.#holder, this.#ttlMs],
    );
    // No row: the other one had come in since our statement began to look.
    if (row?.epoch) return { lease: { name, epoch: row.epoch }, retryInMs: this.#ttlMs / 3 };
    return { retryInMs: Math.max(0, row?.left ?? 0) + MARGIN_MS };
  }

  /** Whether no other instance has held the lease since we got it. */
  async isCurrent({ name, epoch }: Lease): Promise<boolean> {
    const rows = await this.#database.query(
      'SELECT FROM leases WHERE name = $1 AND epoch = $2 AND holder = $3',
      [name, epoch, this.#holder],
    );
    return rows.length > 0;
  }

  /** Who holds what now: the lease's name → its holder. */
  async holders(): Promise<Map<string, string>> {
    const rows = await this.#database.query<{ name: string; holder: string }>(
      'SELECT name, holder FROM leases WHERE expires_at > clock_timestamp()',
    );
    return new Map(rows.map(({ name, holder }) => [name, holder]));
  }

  /** Gives it up at once, so that a successor need not wait. */
  async release({ name, epoch }: Lease): Promise<void> {
    await this.#database.query(
      `UPDATE leases SET expires_at = '-infinity', holder = '' WHERE name = $1 AND epoch = $2`,
      [name, epoch],
    );
  }
}
