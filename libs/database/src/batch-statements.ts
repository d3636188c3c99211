import type { EntityMetadata } from 'typeorm';
import type { Versioned } from './unit-of-work.ts';

/** A single statement that writes many rows, with its parameters. */
export interface BatchUpsert<Row> {
  /** Returns the `key` of each row written. The missing ones have changed since they were read. */
  readonly sql: string;
  readonly values: (rows: readonly Row[]) => [json: string];
}

/**
 * Builds one statement that inserts rows (version 0) or updates them, and increments their versions. An update never
 * inserts: a row that was deleted since it was read stays deleted.
 * @param into another table with the same columns
 */
export function batchUpsert<Row extends Versioned>(
  { columns, primaryColumns, tableName }: EntityMetadata,
  into = tableName,
): BatchUpsert<Row> {
  const key = quoted(primaryColumns[0]!);
  const inserted = columns.filter(({ isGenerated }) => !isGenerated).map(quoted);
  const updated = columns.filter(({ isPrimary, isUpdate }) => isUpdate && !isPrimary).map(quoted);
  return {
    sql: `WITH saved AS (SELECT * FROM jsonb_populate_recordset(NULL::${into}, $1::jsonb)),
      changed AS (
        UPDATE ${into} AS kept SET ${updated.map((each) => `${each} = saved.${each}`)}
        FROM saved WHERE kept.${key} = saved.${key}
          AND saved.version > 1 AND kept.version = saved.version - 1
        RETURNING kept.${key}::text AS key
      ),
      added AS (
        INSERT INTO ${into} (${inserted}) SELECT ${inserted} FROM saved WHERE version = 1
        ON CONFLICT DO NOTHING RETURNING ${key}::text AS key
      )
      SELECT key FROM changed UNION ALL SELECT key FROM added`,
    values: (rows) => [
      jsonOf(
        columns,
        rows.map((row) => ({ ...row, version: row.version + 1 })),
      ),
    ],
  };
}

/** Builds one statement that inserts rows in their order. A column that the first of them leaves out gets its default. */
export function batchInsert(
  { columns, tableName }: EntityMetadata,
  rows: readonly object[],
): { readonly sql: string; readonly values: [json: string] } {
  const given = columns.filter(
    ({ isGenerated, propertyName }) =>
      !isGenerated && (rows[0] as Record<string, unknown>)[propertyName] !== undefined,
  );
  const names = given.map(quoted);
  const sql = `INSERT INTO ${tableName} (${names}) SELECT ${names}
    FROM jsonb_populate_recordset(NULL::${tableName}, $1::jsonb)`;
  return { sql, values: [jsonOf(given, rows)] };
}

const quoted = ({ databaseName }: { databaseName: string }) => `"${databaseName}"`;

/** The rows with their columns' names. Half of a character is replaced, as PostgreSQL does for text. */
function jsonOf(
  columns: readonly { readonly databaseName: string; readonly propertyName: string }[],
  rows: readonly object[],
): string {
  const stored = rows.map((row) =>
    Object.fromEntries(
      columns.map(({ databaseName, propertyName }) => [
        databaseName,
        inJson((row as Record<string, unknown>)[propertyName]),
      ]),
    ),
  );
  return JSON.stringify(stored, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
}

/** Bytes in the text form of PostgreSQL. */
const inJson = (value: unknown) =>
  value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value;
