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
