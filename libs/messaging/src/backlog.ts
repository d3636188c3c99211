import type { Database } from '@fieldguide/database';

// A backlog is sampled every few seconds on every instance: beyond this, the exact number is not needed.
const COUNTED_MAX = 100_000;

/** Counts the messages in the outbox, with the age of the oldest by the database's clock. Counts up to 100,000. */
export async function outboxBacklog(
  database: Database,
): Promise<{ count: number; oldestSeconds: number }> {
  const [row] = await database.query<{ count: number; oldestSeconds: number | null }>(
    `SELECT (SELECT count(*)::int FROM (SELECT FROM outbox LIMIT $1) AS counted) AS count,
            (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8
             FROM outbox ORDER BY id LIMIT 1) AS "oldestSeconds"`,
    [COUNTED_MAX],
  );
  return { count: row!.count, oldestSeconds: Math.max(0, row!.oldestSeconds ?? 0) };
}
