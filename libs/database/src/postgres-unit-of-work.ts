import type { Notifier } from '@fieldguide/workers';
import { type Lease, LeaseLostError } from '@fieldguide/workers';
import type { Database } from './database.ts';
import type { Session } from './session.ts';
import type { Statement, TableStatements } from './table-statements.ts';
import {
  ConcurrencyError,
  changedError,
  type EntityClass,
  type Origin,
  RETRIES,
  type RowWrite,
  type RunOptions,
  UnitOfWork,
  UnitOfWorkRunner,
  type Versioned,
  type Where,
} from './unit-of-work.ts';

// PostgreSQL's codes for a serialization failure and a deadlock.
const RETRYABLE = new Set(['40001', '40P01']);
/** How a statement of TableStatements fails that could not write all of its rows. */
const DIVISION_BY_ZERO = '22012';

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
  override async load<Row extends Versioned>(
    table: EntityClass<Row>,
    id: string,
  ): Promise<Row | undefined> {
    const statements = this.#database.table(table);
    const { text, values } = statements.read([id], false);
    const [row] = await this.#database.query<Record<string, unknown>>(text, values);
    return row && statements.hydrate(row);
  }

  async #once<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T> {
    const session = await this.#database.session();
    const uow = new PostgresUnitOfWork(this.#database, session, this.#origin, this.#notifier);
    try {
      const result = await work(uow);
      await uow.commit();
      return result;
    } catch (error) {
      await uow.rollback();
      throw error;
    } finally {
      session.release();
    }
  }
}

export class PostgresUnitOfWork extends UnitOfWork {
  readonly #database: Database;
  readonly #session: Session;
  readonly #notifier: Notifier;
  readonly #channels = new Set<string>();
  /** The database's time, and the process's time when it was read. */
  #time: { readonly time: Date; readonly atMs: number } | undefined;
  #hasBegun = false;

  constructor(database: Database, session: Session, origin: Origin, notifier: Notifier) {
    super(origin);
    this.#database = database;
    this.#session = session;
    this.#notifier = notifier;
  }

  protected override async read<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
    lock: boolean,
  ): Promise<Row[]> {
    const statements = this.#database.table(table);
    return this.#rows(statements, statements.read(ids, lock));
  }

  override async find<Row extends object>(
    table: EntityClass<Row>,
    where: Where<Row>,
    limit: number,
    order?: keyof Row & string,
  ): Promise<Row[]> {
    await this.flush(table);
    const statements = this.#database.table(table);
    return this.#rows(statements, statements.find(where, order ?? statements.key, limit));
  }

  // READ COMMITTED: each statement after this one reads what was committed before it begins.
  protected override async acquire(name: string): Promise<void> {
    await this.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
  }

  protected override async write(
    table: EntityClass<Versioned>,
    rows: readonly RowWrite[],
  ): Promise<void> {
    const statements = this.#database.table(table);
    const keys = () => rows.map(({ row }) => statements.keyOf(row));
    await this.#sendAll(table, statements.write(rows), keys);
  }

  protected override async erase(
    table: EntityClass<Versioned>,
    rows: readonly { readonly key: string; readonly version: number }[],
  ): Promise<void> {
    const keys = () => rows.map(({ key }) => key);
    await this.#sendAll(table, this.#database.table(table).delete(rows), keys);
  }

  protected override keyOf(table: EntityClass<object>, row: object): string {
    return this.#database.table(table).keyOf(row);
  }

  override async remove<Row extends object>(
    table: EntityClass<Row>,
    where: Where<Row>,
  ): Promise<number> {
    await this.flush(table);
    this.forget(table);
    const { text, values } = this.#database.table(table).remove(where);
    return (await this.#send(text, values)).rowCount ?? 0;
  }

  override async claim<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
    forMs: number,
    limit: number,
  ): Promise<Row[]> {
    await this.flush(table);
    this.forget(table);
    const statements = this.#database.table(table);
    return this.#rows(statements, statements.claim(due, forMs, limit));
  }

  override async msUntilDue<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
  ): Promise<number | undefined> {
    await this.flush(table);
    const { text, values } = this.#database.table(table).msUntilDue(due);
    const [row] = await this.query<{ ms: number | null }>(text, values);
    return row?.ms == null ? undefined : Math.max(0, row.ms);
  }

  override async databaseTime(): Promise<Date> {
    if (!this.#time) {
      const [row] = await this.query<{ time: Date }>('SELECT clock_timestamp() AS time', []);
      this.#setTime(row!.time);
    }
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

  protected override async insertMissing(
    table: EntityClass<object>,
    rows: readonly object[],
  ): Promise<ReadonlySet<string>> {
    const { text, values } = this.#database.table(table).insertNew(rows);
    const inserted = await this.query<{ key: string; time: Date }>(text, values);
    if (inserted[0]) this.#setTime(inserted[0].time);
    return new Set(inserted.map(({ key }) => key));
  }

  protected override async insertAll(
    table: EntityClass<object>,
    rows: readonly object[],
  ): Promise<void> {
    const { text, values } = this.#database.table(table).insert(rows);
    await this.query(text, values);
  }

  override notify(channel: string): void {
    this.#channels.add(channel);
  }

  /** Runs a statement inside this transaction; for libs with their own tables (event store). */
  async query<Row>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return (await this.#send(sql, values)).rows as Row[];
  }

  /** @throws ConcurrencyError */
  async commit(): Promise<void> {
    const written = this.runBeforeCommit();
    if (this.hasStepsBeforeCommit) await written;
    // Otherwise in one write with the last statements: when one of them fails, COMMIT rolls back.
    const ended = this.#hasBegun ? this.#session.query('COMMIT') : undefined;
    ended?.catch(() => undefined);
    await written;
    const { command } = (await ended) ?? {};
    if (ended && command !== 'COMMIT') throw new Error(`COMMIT was answered by ${command}`);
    this.#hasBegun = false;
    this.runAfterCommit();
    for (const channel of this.#channels) this.#notifier.notify(channel);
  }

  /** Never rejects: a connection that does not respond is closed. */
  async rollback(): Promise<void> {
    this.resetVersions();
    if (!this.#hasBegun) return;
    await this.#session.query('ROLLBACK').catch(() => this.#session.destroy());
  }

  /** BEGIN is sent together with the first statement. */
  #send(sql: string, values: readonly unknown[]) {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#session.query('BEGIN').catch(() => undefined); // the statement after it fails as well
    }
    return this.#session.query(sql, values);
  }

  async #sendAll(
    table: EntityClass<object>,
    { text, values }: Statement,
    keys: () => readonly string[],
  ): Promise<void> {
    await this.query(text, values).catch((error: { code?: string }) => {
      throw error.code === DIVISION_BY_ZERO ? changedError(table, keys()) : error;
    });
  }

  async #rows<Row extends object>(
    statements: TableStatements<Row>,
    { text, values }: Statement,
  ): Promise<Row[]> {
    const rows = await this.query<Record<string, unknown>>(text, values);
    return rows.map((row) => statements.hydrate(row));
  }

  #setTime(time: Date): void {
    this.#time = { time, atMs: performance.now() };
  }
}
