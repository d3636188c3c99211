import type { Notifier } from '@fieldguide/workers';
import { type Lease, LeaseLostError } from '@fieldguide/workers';
import { type EntityManager, type EntityMetadata, In } from 'typeorm';
import { batchInsert, batchUpsert } from './batch-statements.ts';
import type { Database } from './database.ts';
import {
  ConcurrencyError,
  type EntityClass,
  type Origin,
  RETRIES,
  type RunOptions,
  UnitOfWork,
  UnitOfWorkRunner,
  type Versioned,
} from './unit-of-work.ts';

// PostgreSQL's codes for a serialization failure and a deadlock.
const RETRYABLE = new Set(['40001', '40P01']);

/** Units of work as PostgreSQL transactions (READ COMMITTED, with versions and row locks). */
export class PostgresUnitOfWorkRunner extends UnitOfWorkRunner {
  readonly #database: Database;
  readonly #origin: Origin;
  readonly #notifier: Notifier;

  constructor(database: Database, origin: Origin, notifier: Notifier) {
    super();
    this.#database = database;
    this.#origin = origin;
    this.#notifier = notifier;
  }

  override async run<T>(
    work: (uow: UnitOfWork) => Promise<T>,
    { retries = RETRIES }: RunOptions = {},
  ): Promise<T> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.#once(work);
      } catch (error) {
        const isRolledBack = RETRYABLE.has((error as { code?: string }).code ?? '');
        const isConcurrent = error instanceof ConcurrencyError && retry < retries;
        if (!isConcurrent && !(isRolledBack && retry < RETRIES)) throw error;
      }
    }
  }

  /** One statement, without a transaction around it. */
  override load<Row extends Versioned>(
    table: EntityClass<Row>,
    id: string,
  ): Promise<Row | undefined> {
    const { manager } = this.#database.source;
    return new PostgresUnitOfWork(manager, this.#origin, this.#notifier).load(table, id);
  }

  async #once<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T> {
    let uow: PostgresUnitOfWork | undefined;
    try {
      const result = await this.#database.source.transaction(async (manager) => {
        uow = new PostgresUnitOfWork(manager, this.#origin, this.#notifier);
        const done = await work(uow);
        await uow.writeAll();
        return done;
      });
      uow?.committed();
      return result;
    } catch (error) {
      uow?.rolledBack();
      throw error;
    }
  }
}

export class PostgresUnitOfWork extends UnitOfWork {
  readonly #manager: EntityManager;
  readonly #notifier: Notifier;
  readonly #channels = new Set<string>();
  /** The database's time, and the process's time when it was read. */
  #time: { readonly time: Date; readonly atMs: number } | undefined;

  constructor(manager: EntityManager, origin: Origin, notifier: Notifier) {
    super(origin);
    this.#manager = manager;
    this.#notifier = notifier;
  }

  override async load<Row extends Versioned>(
    table: EntityClass<Row>,
    id: string,
  ): Promise<Row | undefined> {
    await this.flush(table);
    const found = await this.#manager.findOneBy(table, { [this.#key(table)]: id } as never);
    return found ?? undefined;
  }

  override async lock<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
  ): Promise<Row[]> {
    await this.flush(table);
    const key = this.#key(table);
    return this.#manager.find(table, {
      where: { [key]: In([...ids]) } as never,
      order: { [key]: 'ASC' } as never,
      lock: { mode: 'pessimistic_write' },
    });
  }

  override async find<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
    limit: number,
    order: keyof Row & string = this.#key(table) as keyof Row & string,
  ): Promise<Row[]> {
    await this.flush(table);
    const sorted = { [order]: 'ASC' } as never;
    return this.#manager.find(table, { where: where as never, order: sorted, take: limit });
  }

  // READ COMMITTED: each statement after this one reads what was committed before it begins.
  override async exclusively(name: string): Promise<void> {
    await this.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
  }

  protected override async write<Row extends Versioned>(
    table: EntityClass<Row>,
    rows: readonly Row[],
  ): Promise<void> {
    const { sql, values } = batchUpsert<Row>(this.#manager.connection.getMetadata(table));
    const written = await this.query<{ key: string }>(sql, values(rows));
    if (written.length === rows.length) return;
    const keys = new Set(written.map(({ key }) => key));
    const changed = rows.map((row) => this.keyOf(table, row)).filter((key) => !keys.has(key));
    throw new ConcurrencyError(`${table.name} ${changed} has changed since it was read`);
  }

  protected override keyOf(table: EntityClass<object>, row: object): string {
    return String((row as Record<string, unknown>)[this.#key(table)]);
  }

  override async remove<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
  ): Promise<number> {
    await this.flush(table);
    const { affected } = await this.#manager.delete(table, where as never);
    return affected ?? 0;
  }

  override async claim<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
    forMs: number,
    limit: number,
  ): Promise<Row[]> {
    await this.flush(table);
    const { tableName } = this.#manager.connection.getMetadata(table);
    const [key, time] = [this.#column(table, this.#key(table)), this.#column(table, due)];
    const claimed = await this.query<Record<string, unknown>>(
      `WITH due AS MATERIALIZED (
         SELECT ${key} AS due_key, ${time} AS due_at FROM ${tableName} WHERE ${time} <= now()
         ORDER BY ${time} LIMIT $2 FOR UPDATE SKIP LOCKED
       ),
       claimed AS (
         UPDATE ${tableName} SET version = version + 1,
           ${time} = clock_timestamp() + $1 * interval '1 millisecond'
         FROM due WHERE ${key} = due_key RETURNING ${tableName}.*, due.due_at AS was_due_at
       )
       SELECT * FROM claimed ORDER BY was_due_at`,
      [forMs, limit],
    );
    return claimed.map((columns) => this.#hydrate(table, columns));
  }

  override async msUntilDue<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
  ): Promise<number | undefined> {
    await this.flush(table);
    const { tableName } = this.#manager.connection.getMetadata(table);
    const column = this.#column(table, due);
    const [row] = await this.query<{ ms: number | null }>(
      `SELECT (extract(epoch FROM min(${column}) - clock_timestamp()) * 1000)::float8 AS ms FROM ${tableName}`,
      [],
    );
    return row?.ms == null ? undefined : Math.max(0, row.ms);
  }

  override async databaseTime(): Promise<Date> {
    if (!this.#time) await this.#readTime('SELECT clock_timestamp() AS time', []);
    const { time, atMs } = this.#time!;
    return new Date(time.getTime() + performance.now() - atMs);
  }

  override async assertHeld({ name, epoch }: Lease): Promise<void> {
    const held = await this.query('SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE', [
      name,
      epoch,
    ]);
    if (held.length === 0) throw new LeaseLostError(name);
  }

  override async insert<Row extends object>(table: EntityClass<Row>, row: Row): Promise<boolean> {
    await this.flush(table);
    const { sql, values } = batchInsert(this.#manager.connection.getMetadata(table), [row]);
    const ifNew = `${sql} ON CONFLICT DO NOTHING RETURNING clock_timestamp() AS time`;
    return this.#readTime(ifNew, values);
  }

  protected override async insertAll(
    table: EntityClass<object>,
    rows: readonly object[],
  ): Promise<void> {
    const { sql, values } = batchInsert(this.#manager.connection.getMetadata(table), rows);
    await this.query(sql, values);
  }

  override notify(channel: string): void {
    this.#channels.add(channel);
  }

  /** Runs a statement that returns the database's time. @returns whether it has returned a row */
  async #readTime(sql: string, values: readonly unknown[]): Promise<boolean> {
    const [row] = await this.query<{ time: Date }>(sql, values);
    if (row) this.#time = { time: row.time, atMs: performance.now() };
    return row !== undefined;
  }

  /** Runs a statement inside this transaction; for libs with their own tables (event store). */
  async query<Row>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#manager.query(sql, [...values]);
  }

  async writeAll(): Promise<void> {
    await this.runBeforeCommit();
  }

  committed(): void {
    this.runAfterCommit();
    for (const channel of this.#channels) this.#notifier.notify(channel);
  }

  rolledBack(): void {
    this.resetVersions();
  }

  #hydrate<Row extends Versioned>(table: EntityClass<Row>, columns: Record<string, unknown>): Row {
    const { driver } = this.#manager.connection;
    const metadata = this.#manager.connection.getMetadata(table);
    const values = metadata.columns.map((column) => [
      column.propertyName,
      driver.prepareHydratedValue(columns[column.databaseName], column),
    ]);
    return Object.assign(new table(), Object.fromEntries(values));
  }

  #column(table: EntityClass<object>, property: string): string {
    const { columns } = this.#manager.connection.getMetadata(table);
    return columns.find(({ propertyName }) => propertyName === property)!.databaseName;
  }

  #key(table: EntityClass<object>): string {
    const { primaryColumns }: EntityMetadata = this.#manager.connection.getMetadata(table);
    return primaryColumns[0]!.propertyName;
  }
}
