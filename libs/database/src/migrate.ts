import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { type Limits, limits } from './bounded-client.ts';

/**
 * A migration may take long, and must not make others wait long: a statement that waits for a table's lock holds up
 * every later one that wants the table, so it gives way soon and is tried again.
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
const MIGRATING = 1_760_000_000; // the advisory lock's key
const OTHER_DONE_MS = 30 * 60_000;

/**
 * Runs the migrations that are missing, each in its own transaction, or in none when it says `transaction = false`.
 * A second call at the same time, by whatever process, waits for the first.
 * @returns their names
 * @throws Error when a lock was not free in any of 60 attempts, or another call does not end within 30 min
 */
export async function runMigrations(source: DataSource, url: string): Promise<readonly string[]> {
  const release = await exclusive(url);
  try {
    return await withRetries(source);
  } finally {
    await release();
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
          `A migration did not get a lock in ${ATTEMPTS} attempts: ${message}\n` +
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

/**
 * An advisory lock on a connection of its own. It is asked for again and again, not waited for: a waiting statement has
 * a snapshot, which CREATE INDEX CONCURRENTLY of the other one would wait for.
 */
async function exclusive(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ ...limits, connectionString: url, application_name: 'migrate' });
  client.on('error', () => undefined);
  await client.connect();
  const until = performance.now() + OTHER_DONE_MS;
  const isOurs = async () => {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS ours', [MIGRATING]);
    return rows[0].ours as boolean;
  };
  while (!(await isOurs())) {
    if (performance.now() > until) {
      await client.end();
      throw new Error('Another migrate of this database is still running after 30 min.');
    }
    await sleep(PAUSE_MS);
  }
  return () => client.end();
}

/**
 * Creates an index while others write, for a migration with `transaction = false`. What an earlier attempt left half-made
 * is replaced.
 * @param definition what follows the index's name: `ON things (due_at)`
 */
export async function createIndexConcurrently(
  runner: Pick<QueryRunner, 'query'>,
  name: string,
  definition: string,
): Promise<void> {
  await runner.query('SET lock_timeout = 0'); // it waits for every older transaction, and nobody waits for it
  await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await runner.query(`CREATE INDEX CONCURRENTLY ${name} ${definition}`);
  await runner.query('RESET lock_timeout');
}
