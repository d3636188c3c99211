import type { Database } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';

const NOTICED_MS = 1_000;

interface Holder {
  readonly pid: number;
  readonly name: string;
  readonly seconds: number;
}

/** Reports that an append waits for another transaction, and which one. PostgreSQL ends an idle transaction after 4 s. */
export class LockWaitMonitor {
  readonly #database: Database;
  readonly #report: (text: string) => void;
  #isLooking = false;

  constructor(database: Database, report: (text: string) => void) {
    this.#database = database;
    this.#report = report;
  }

  async watch<T>(work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => void this.#look(), NOTICED_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    metrics.appendsBlocked.inc();
    const holders = await this.#database
      .query<Holder>(
        `SELECT pid, application_name AS name, extract(epoch FROM now() - state_change)::float8 AS seconds
         FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'
           AND state_change < now() - interval '500 milliseconds'`,
      )
      .catch(() => []);
    this.#isLooking = false;
    const whose = holders.map(
      ({ pid, name, seconds }) =>
        `${name} (process ${pid} of PostgreSQL) has a transaction open and has been idle for ${seconds.toFixed(1)} s`,
    );
    this.#report(`An append waits: ${whose.join('; ') || 'no transaction is idle'}`);
  }
}
