import type { Database } from './database.ts';

/** Which rows of a table are deleted after a while (docs/reference/retention.md). */
export interface Retention {
  readonly table: string;
  /** SQL, never from input: which rows may go. `$1` is how long they are kept, an interval; the table is `kept`. */
  readonly where: string;
  readonly days: () => number;
}

const BATCH = 1_000;

/**
 * Messages a broker can bring again must still be known: a topic keeps a record for its `retention.ms` and one more
 * `segment.ms` (each contract declares it), and this is a day longer.
 */
export const inboxRetention: Retention = {
  table: 'inbox',
  where: 'received_at < now() - $1::interval',
  days: () => 9,
};

/**
 * Those that were redriven or discarded; one that waits is never deleted. A version without `handled_at` leaves it empty
 * when it redrives one during a rollout.
 */
export const handledDeadLetters: Retention = {
  table: 'dead_letters',
  where: 'redriven AND coalesce(handled_at, parked_at) < now() - $1::interval',
  days: () => 30,
};

/**
 * Deletes one batch, so that no statement takes long however much there is to delete. Safe on many instances at once:
 * each takes other rows.
 * @returns whether there may be more
 */
export async function pruneNext(
  database: Database,
  { table, where, days }: Retention,
  batch = BATCH,
): Promise<boolean> {
  const [gone] = await database.query<{ count: number }>(
    `WITH gone AS (
       DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM ${table} AS kept WHERE ${where} LIMIT $2 FOR UPDATE OF kept SKIP LOCKED
       )) RETURNING 1
     ) SELECT count(*)::int AS count FROM gone`,
    [`${days()} days`, batch],
  );
  return gone!.count === batch;
}
