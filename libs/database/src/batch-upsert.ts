import type { EntityMetadata } from 'typeorm';
import type { Versioned } from './unit-of-work.ts';

/** A single statement that writes many rows, with its parameters. */
export interface BatchUpsert<Row> {
  /** Returns one row for each row written. Fewer rows: the missing ones have changed since they were read. */
  readonly sql: string;
  readonly values: (rows: readonly Row[]) => [json: string];
}

/**
 * Builds one statement that inserts or updates rows and increments their versions. Does not support columns that JSON
 * cannot hold (bytea).
 * @param into another table with the same columns
 */
export function batchUpsert<Row extends Versioned>(
  { columns, primaryColumns, tableName }: EntityMetadata,
  into = tableName,
): BatchUpsert<Row> {
  const names = columns.map(({ databaseName }) => databaseName);
  const key = primaryColumns[0]!.databaseName;
  const changes = names.filter((each) => each !== key).map((each) => `${each} = excluded.${each}`);
  return {
    sql: `INSERT INTO ${into} AS old (${names})
      SELECT ${names} FROM jsonb_populate_recordset(NULL::${into}, $1::jsonb)
      ON CONFLICT (${key}) DO UPDATE SET ${changes} WHERE old.version = excluded.version - 1
      RETURNING 1`,
    values: (rows) => [
      JSON.stringify(
        rows.map((row) =>
          Object.fromEntries(
            columns.map(({ databaseName, propertyName }) => [
              databaseName,
              propertyName === 'version'
                ? row.version + 1
                : (row as Record<string, unknown>)[propertyName],
            ]),
          ),
        ),
      ),
    ],
  };
}
