import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { EntityClass, RowWrite } from './unit-of-work.ts';

/** An SQL statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The statements on the table of one entity, for any number of rows each. Their texts depend on the entity only, so that a
 * connection prepares each of them once.
 */
export class TableStatements<Row extends object> {
  readonly name: string;
  /** The property that holds the primary key. */
  readonly key: string;
  readonly #entity: EntityClass<Row>;
  readonly #metadata: EntityMetadata;
  readonly #columns: readonly ColumnMetadata[];
  readonly #list: string;
  readonly #keyColumn: string;

  /** @param into another table with the same columns */
  constructor(metadata: EntityMetadata, into = metadata.tableName) {
    this.name = into;
    this.#metadata = metadata;
    this.#entity = metadata.target as EntityClass<Row>;
    this.#columns = metadata.columns;
    this.#list = metadata.columns.map(quoted).join(', ');
    this.key = metadata.primaryColumns[0]!.propertyName;
    this.#keyColumn = quoted(metadata.primaryColumns[0]!);
  }

  /** Selects the rows with these keys; with `lock`, in the order of their keys, to avoid deadlocks. */
  read(keys: readonly string[], lock: boolean): Statement {
    const select = `SELECT ${this.#list} FROM ${this.name} WHERE ${this.#keyColumn} = ANY($1)`;
    const locking = ` ORDER BY ${this.#keyColumn} FOR UPDATE`;
    return { text: select + (lock ? locking : ''), values: [keys] };
  }

  /** Selects rows whose columns equal `where`, or one of the values where it has a list. */
  find(where: object, order: string, limit: number): Statement {
    const { text, values } = this.#condition(where);
    const by = this.column(order);
    return {
      text: `SELECT ${this.#list} FROM ${this.name}${text} ORDER BY ${by} LIMIT $${values.length + 1}`,
      values: [...values, limit],
    };
  }

  /** Deletes rows whose columns equal `where`. */
  remove(where: object): Statement {
    const { text, values } = this.#condition(where);
    return { text: `DELETE FROM ${this.name}${text}`, values };
  }

  /**
   * Inserts rows (base 0) or updates them. An update never inserts: a row that was deleted since it was read stays deleted.
   * The statement fails with a division by zero when a row is not at its base version: COMMIT may follow it unread.
   */
  write(rows: readonly RowWrite[]): Statement {
    const inserted = this.#columns.filter(({ isGenerated }) => !isGenerated).map(quoted);
    const updated = this.#columns
      .filter(({ isPrimary, isUpdate }) => isUpdate && !isPrimary)
      .map(quoted);
    // `unnest` is the name of the column with the base versions.
    const text = `WITH saved AS (
        SELECT * FROM ROWS FROM (jsonb_populate_recordset(NULL::${this.name}, $1::jsonb), unnest($2::int[]))
      ),
      changed AS (
        UPDATE ${this.name} AS kept SET ${updated.map((each) => `${each} = saved.${each}`)}
        FROM saved WHERE kept.${this.#keyColumn} = saved.${this.#keyColumn}
          AND saved.unnest > 0 AND kept.version = saved.unnest
        RETURNING 1
      ),
      added AS (
        INSERT INTO ${this.name} (${inserted}) SELECT ${inserted} FROM saved WHERE unnest = 0
        ON CONFLICT DO NOTHING RETURNING 1
      )
      SELECT 1 / ((SELECT count(*) FROM changed) + (SELECT count(*) FROM added) = $3)::int AS all_written`;
    const json = this.#json(
      rows.map(({ row }) => row),
      this.#columns,
    );
    return { text, values: [json, rows.map(({ base }) => base), rows.length] };
  }

  /** Deletes rows at these versions; fails as `write` does. */
  delete(rows: readonly { readonly key: string; readonly version: number }[]): Statement {
    const text = `WITH gone AS (
        DELETE FROM ${this.name} AS kept USING jsonb_populate_recordset(NULL::${this.name}, $1::jsonb) AS old
        WHERE kept.${this.#keyColumn} = old.${this.#keyColumn} AND kept.version = old.version RETURNING 1
      )
      SELECT 1 / ((SELECT count(*) FROM gone) = $2)::int AS all_deleted`;
    const key = this.#metadata.primaryColumns[0]!.databaseName;
    const json = JSON.stringify(rows.map((each) => ({ [key]: each.key, version: each.version })));
    return { text, values: [json, rows.length] };
  }

  /** Inserts rows in their order. A column that the first of them leaves out gets its default. */
  insert(rows: readonly object[]): Statement {
    const given = this.#columns.filter(
      ({ isGenerated, propertyName }) =>
        !isGenerated && (rows[0] as Record<string, unknown>)[propertyName] !== undefined,
    );
    const names = given.map(quoted);
    const text = `INSERT INTO ${this.name} (${names}) SELECT ${names}
      FROM jsonb_populate_recordset(NULL::${this.name}, $1::jsonb)`;
    return { text, values: [this.#json(rows, given)] };
  }

  /**
   * Inserts the rows whose keys do not exist, in the order of their keys, to avoid deadlocks. Returns their keys, and the
   * database's time.
   */
  insertNew(rows: readonly object[]): Statement {
    const { text, values } = this.insert(rows);
    const returning = `RETURNING ${this.#keyColumn}::text AS key, clock_timestamp() AS time`;
    return {
      text: `${text} ORDER BY ${this.#keyColumn} ON CONFLICT DO NOTHING ${returning}`,
      values,
    };
  }

  /** @see UnitOfWork.claim */
  claim(due: string, forMs: number, limit: number): Statement {
    const [key, time] = [this.#keyColumn, this.column(due)];
    const text = `WITH due AS MATERIALIZED (
        SELECT ${key} AS due_key, ${time} AS due_at FROM ${this.name} WHERE ${time} <= now()
        ORDER BY ${time} LIMIT $2 FOR UPDATE SKIP LOCKED
      ),
      claimed AS (
        UPDATE ${this.name} SET version = version + 1,
          ${time} = clock_timestamp() + $1 * interval '1 millisecond'
        FROM due WHERE ${key} = due_key RETURNING ${this.name}.*, due.due_at AS was_due_at
      )
      SELECT ${this.#list} FROM claimed ORDER BY was_due_at`;
    return { text, values: [forMs, limit] };
  }

  msUntilDue(due: string): Statement {
    const text = `SELECT (extract(epoch FROM min(${this.column(due)}) - clock_timestamp()) * 1000)::float8 AS ms
      FROM ${this.name}`;
    return { text, values: [] };
  }

  /** Makes a row of what the database has returned. */
  hydrate(columns: Record<string, unknown>): Row {
    const { driver } = this.#metadata.connection;
    const row = new this.#entity() as Record<string, unknown>;
    for (const column of this.#columns)
      row[column.propertyName] = driver.prepareHydratedValue(columns[column.databaseName], column);
    return row as Row;
  }

  keyOf(row: object): string {
    return String((row as Record<string, unknown>)[this.key]);
  }

  column(property: string): string {
    return quoted(this.#columns.find(({ propertyName }) => propertyName === property)!);
  }

  #condition(where: object): Statement {
    const values: unknown[] = [];
    const conditions = Object.entries(where).map(([property, value]) => {
      if (value === null) return `${this.column(property)} IS NULL`;
      values.push(value);
      const operand = Array.isArray(value) ? `ANY($${values.length})` : `$${values.length}`;
      return `${this.column(property)} = ${operand}`;
    });
    const text = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
    return { text, values };
  }

  /** The rows with their columns' names. Half of a character is replaced, as PostgreSQL does for text. */
  #json(rows: readonly object[], columns: readonly ColumnMetadata[]): string {
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
}

const quoted = ({ databaseName }: { readonly databaseName: string }) => `"${databaseName}"`;

/** Bytes in the text form of PostgreSQL. */
const inJson = (value: unknown) =>
  value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value;
