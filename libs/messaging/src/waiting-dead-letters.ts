import type { Database } from '@fieldguide/database';

/** The dead letters of one key that wait to be redriven. */
export interface WaitingKey {
  readonly key: string;
  /** When the first of them was parked. */
  readonly since: Date;
}

// Every statement about waiting dead letters starts here.
const WAITING = 'FROM dead_letters WHERE NOT redriven';

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
