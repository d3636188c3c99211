import { type Lease, type LeaseAttempt, Leases } from '@fieldguide/workers';
import type { Database } from './database.ts';

/** Margin after the other's expiry, so that the next attempt does not come too early. */
const MARGIN_MS = 10;

/**
 * Leases as rows with an expiry and an epoch, on the database's own clock. Holding a lease is only
 * a hint; safety comes from checking the epoch in every critical transaction (`UnitOfWork.assertHeld`). Uses no session
 * locks: a pooler or a lost connection would drop them silently.
 */
export class PostgresLeases extends Leases {
  readonly #database: Database;
  readonly #holder: string;
  readonly #ttlMs: number;

  /** @param ttlMs how long a crashed or frozen holder blocks the others */
  constructor(database: Database, holder: string, ttlMs = 4_000) {
    super();
    this.#database = database;
    this.#holder = holder;
    this.#ttlMs = ttlMs;
  }

  override async acquire(name: string): Promise<LeaseAttempt> {
    // The clock's time, not the transaction's: a statement that waited for a frozen holder's lock must see the current time.
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
    // No row: another instance acquired the lease after our statement took its snapshot.
    if (row?.epoch) return { lease: { name, epoch: row.epoch }, retryInMs: this.#ttlMs / 3 };
    return { retryInMs: Math.max(0, row?.left ?? 0) + MARGIN_MS };
  }

  override async isCurrent({ name, epoch }: Lease): Promise<boolean> {
    const rows = await this.#database.query(
      'SELECT FROM leases WHERE name = $1 AND epoch = $2 AND holder = $3',
      [name, epoch, this.#holder],
    );
    return rows.length > 0;
  }

  override async holders(): Promise<Map<string, string>> {
    const rows = await this.#database.query<{ name: string; holder: string }>(
      'SELECT name, holder FROM leases WHERE expires_at > clock_timestamp()',
    );
    return new Map(rows.map(({ name, holder }) => [name, holder]));
  }

  override async release({ name, epoch }: Lease): Promise<void> {
    await this.#database.query(
      `UPDATE leases SET expires_at = '-infinity', holder = '' WHERE name = $1 AND epoch = $2`,
      [name, epoch],
    );
  }
}
