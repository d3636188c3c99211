import type { Database } from './database.ts';

/** The rows of a table that are deleted after some time (docs/reference/retention.md). */
export class Retention {
  /**
   * @param where SQL condition, never from input, for the rows to delete. `$1` is the retention period; the table is `kept`
   */
  constructor(
    readonly table: string,
    readonly where: string,
    readonly days: () => number,
  ) {}
}

const BATCH = 1_000;

/**
 * The inbox must know every message that a broker can deliver again. A topic keeps a record for its `retention.ms` and one
 * more `segment.ms` (each contract declares it); this period is a day longer.
 */
export const inboxRetention = new Retention('inbox', 'received_at < now() - $1::interval', () => 9);

/**
 * Resolved dead letters; a waiting one is never deleted. A version without `handled_at` leaves it empty
 * when it redrives a letter during a rollout.
 */
export const handledDeadLetters = new Retention(
  'dead_letters',
  'redriven AND coalesce(handled_at, parked_at) < now() - $1::interval',
  () => 30,
);

/**
 * Deletes one batch, so that no statement takes long. Safe on many instances concurrently: each takes other rows.
 * @returns whether there may be more rows to delete
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
