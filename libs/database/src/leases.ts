import type { Database } from './database.ts';

/** The right to do something alone, for a while. The epoch grows with every new holder. */
export interface Lease {
  readonly name: string;
  readonly epoch: string;
}

/** Somebody else holds the lease by now: stop, and write nothing more. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';

  constructor(name: string) {
    super(`The lease ${name} has another holder by now`);
  }
}

/**
 * Leases as rows with an expiry and an epoch, on the database's own clock. Being the holder is a hint; what makes it
 * safe is that every statement that counts checks the epoch (`UnitOfWork.holding`). No session locks: a pooler
 * or a lost connection would drop them without a word.
 */
export class Leases {
  readonly #database: Database;
  readonly #holder: string;
  readonly #ttlMs: number;

  /** @param ttlMs how long a dead holder blocks the others */
  constructor(database: Database, holder: string, ttlMs = 4_500) {
    this.#database = database;
    this.#holder = holder;
    this.#ttlMs = ttlMs;
  }

  /** How long to wait between two calls of `hold`: well within the lease's time. */
  get renewEveryMs(): number {
    return this.#ttlMs / 3;
  }

  /** Takes a free or expired lease, or renews our own; undefined while somebody else has it. */
  async hold(name: string): Promise<Lease | undefined> {
    const [row] = await this.#database.query<{ epoch: string }>(
      `INSERT INTO leases AS mine (name, holder, epoch, expires_at)
       VALUES ($1, $2, 1, now() + $3 * interval '1 ms')
       ON CONFLICT (name) DO UPDATE SET
         epoch = mine.epoch + CASE WHEN mine.holder = $2 THEN 0 ELSE 1 END,
         holder = $2, expires_at = now() + $3 * interval '1 ms'
       WHERE mine.holder = $2 OR mine.expires_at < now()
       RETURNING epoch`,
      [name, this.#holder, this.#ttlMs],
    );
    return row && { name, epoch: row.epoch };
  }

  /** Gives it up at once, so that a successor need not wait. */
  async release({ name, epoch }: Lease): Promise<void> {
    await this.#database.query(
      `UPDATE leases SET expires_at = '-infinity', holder = '' WHERE name = $1 AND epoch = $2`,
      [name, epoch],
    );
  }
}
