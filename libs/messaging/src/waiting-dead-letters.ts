import type { Database } from '@fieldguide/database';

/** The waiting dead letters of one key. */
export interface WaitingKey {
  readonly key: string;
  /** Time at which the first of them was parked. */
  readonly since: Date;
}

const COUNTED_MAX = 10_000;
// Every statement about waiting dead letters starts here.
const WAITING = 'FROM dead_letters WHERE NOT redriven';

/** Counts up to 10,000. */
export async function countWaiting(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT ${WAITING} LIMIT $1) AS counted`,
    [COUNTED_MAX],
  );
  return row!.count;
}

/** The keys of a topic that have waiting dead letters, the oldest first, `limit` at most. */
export function waitingKeys(
  database: Database,
  topic: string,
  limit: number,
): Promise<WaitingKey[]> {
  return database.query(
    `SELECT key, min(parked_at) AS since ${WAITING} AND topic = $1 GROUP BY key ORDER BY since LIMIT $2`,
    [topic, limit],
  );
}
