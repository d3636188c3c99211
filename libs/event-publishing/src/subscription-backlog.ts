import type { Database } from '@fieldguide/database';

/**
 * Counts the events that a projection or publisher has not processed yet, with the age of the oldest. Reads no event's
 * content, so that it also works for types and formats that this version does not know.
 */
export async function subscriptionBacklog(
  database: Database,
  subscription: string,
): Promise<{ count: number; oldestSeconds: number }> {
  const [row] = await database.query<{ count: string; oldestSeconds: number | null }>(
    `WITH passed AS (
       SELECT coalesce((SELECT position FROM checkpoints WHERE name = $1), 0) AS position
     )
     SELECT greatest(feed_end.position - passed.position, 0)::text AS count,
            (SELECT extract(epoch FROM clock_timestamp() - events.time)::float8
             FROM feed JOIN events USING (stream, version)
             WHERE feed.position > passed.position ORDER BY feed.position LIMIT 1) AS "oldestSeconds"
     FROM feed_end, passed`,
    [subscription],
  );
  return { count: Number(row!.count), oldestSeconds: Math.max(0, row!.oldestSeconds ?? 0) };
}
