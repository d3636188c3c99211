import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { type Limits, limits } from './bounded-client.ts';
import type { Exclusive } from './exclusive.ts';

/**
 * A migration may take long, but must not block others: a statement that waits for a table's lock blocks every later
 * statement on that table. So it gives up after a short wait, and is retried.
 */
export const migrationLimits: Limits = {
  ...limits,
  statement_timeout: 0,
  query_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  lock_timeout: 1_000,
};

const LOCK_NOT_AVAILABLE = '55P03';
const ATTEMPTS = 60;
const PAUSE_MS = 500;
const OTHER_DONE_MS = 30 * 60_000;

type TryLock = (name: string) => Promise<Exclusive | undefined>;

/**
 * Runs the missing migrations, each in its own transaction, or in none when it has `transaction = false`.
 * A concurrent call, in any process, waits for the first.
 * @returns the names of the migrations that ran
 * @throws Error when a lock was not free in any of 60 attempts, or another call does not end within 30 min
 */
export async function runMigrations(
  source: DataSource,
  tryLock: TryLock,
): Promise<readonly string[]> {
  const lock = await whenFree(tryLock);
  try {
    return await withRetries(source);
  } finally {
    await lock.release();
  }
}

async function withRetries(source: DataSource): Promise<string[]> {
  const done: string[] = [];
  const before = await ran(source);
  for (let attempt = 1; ; attempt++) {
    try {
      await source.runMigrations();
      done.push(...(await ran(source)).filter((name) => !before.includes(name)));
      return done;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code !== LOCK_NOT_AVAILABLE) throw error;
      if (attempt === ATTEMPTS)
        throw new Error(
          `A migration could not lock a table in ${ATTEMPTS} attempts: ${message}\n` +
            'Try: end long transactions (pg_stat_activity shows them), then migrate again.',
        );
      await sleep(PAUSE_MS);
    }
  }
}

async function ran(source: DataSource): Promise<string[]> {
  const rows: { name: string }[] = await source
    .query('SELECT name FROM migrations ORDER BY id')
    .catch(() => []);
  return rows.map(({ name }) => name);
}

async function whenFree(tryLock: TryLock): Promise<Exclusive> {
  const until = performance.now() + OTHER_DONE_MS;
  for (;;) {
    const lock = await tryLock('migrate');
    if (lock) return lock;
    if (performance.now() > until)
      throw new Error(
        'Another migration of this database is still running after 30 min. Try: wait for it or end it, then migrate again.',
      );
    await sleep(PAUSE_MS);
  }
}

/**
 * Creates an index without blocking writers, for a migration with `transaction = false`. Replaces an incomplete index of
 * an earlier attempt.
 * @param definition the SQL after the index's name: `ON things (due_at)`
 */
export async function createIndexConcurrently(
  runner: Pick<QueryRunner, 'query'>,
  name: string,
  definition: string,
): Promise<void> {
  await runner.query('SET lock_timeout = 0'); // it waits for every older transaction, and blocks no other
  await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await runner.query(`CREATE INDEX CONCURRENTLY ${name} ${definition}`);
  await runner.query('RESET lock_timeout');
}
