import { type EntityManager, type EntityMetadata, In, Raw } from 'typeorm';
import { batchUpsert } from './batch-upsert.ts';
import type { Database } from './database.ts';
import type { Envelope } from './envelope.ts';
import { type Lease, LeaseLostError } from './leases.ts';
import type { Notifier } from './notifier.ts';
import {
  ConcurrencyError,
  type EntityClass,
  type MessageOrigin,
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
  readonly #origin: MessageOrigin;
  readonly #notifier: Notifier;

  constructor(database: Database, origin: MessageOrigin, notifier: Notifier) {
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

  async #once<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T> {
    let uow: PostgresUnitOfWork | undefined;
    const result = await this.#database.source.transaction(async (manager) => {
      uow = new PostgresUnitOfWork(manager, this.#origin, this.#notifier);
      const done = await work(uow);
      await uow.flush();
      return done;
    });
    uow?.committed();
    return result;
  }
}

export class PostgresUnitOfWork extends UnitOfWork {
  readonly #manager: EntityManager;
  readonly #notifier: Notifier;

  constructor(manager: EntityManager, origin: MessageOrigin, notifier: Notifier) {
    super(origin);
    this.#manager = manager;
    this.#notifier = notifier;
  }

  override async load<Row extends Versioned>(
    table: EntityClass<Row>,
    id: string,
  ): Promise<Row | undefined> {
    const found = await this.#manager.findOneBy(table, { [this.#key(table)]: id } as never);
    return found ?? undefined;
  }

  override async lock<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
  ): Promise<Row[]> {
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
    const sorted = { [order]: 'ASC' } as never;
    return this.#manager.find(table, { where: where as never, order: sorted, take: limit });
  }

  // READ COMMITTED: each statement after this one reads what was committed before it begins.
  override async exclusively(name: string): Promise<void> {
    await this.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
  }

  override async save<Row extends Versioned>(table: EntityClass<Row>, row: Row): Promise<void> {
    const key = this.#key(table);
    const next = { ...row, version: row.version + 1 };
    const id = (row as Record<string, unknown>)[key];
    if (row.version === 0) {
      const insert = this.#manager
        .createQueryBuilder()
        .insert()
        .into(table)
        .values(next as never);
      const { raw } = await insert.orIgnore().returning([key]).execute();
      if ((raw as unknown[]).length === 0)
        throw new ConcurrencyError(`${table.name} ${id} exists already`);
    } else {
      const where = { [key]: id, version: row.version } as never;
      const { affected } = await this.#manager.update(table, where, next as never);
      if (affected !== 1)
        throw new ConcurrencyError(`${table.name} ${id} is no longer at version ${row.version}`);
    }
    row.version = next.version;
  }

  override async saveAll<Row extends Versioned>(
    table: EntityClass<Row>,
    rows: readonly Row[],
  ): Promise<void> {
    if (rows.length === 0) return;
    const { sql, values } = batchUpsert<Row>(this.#manager.connection.getMetadata(table));
    const written = await this.query(sql, values(rows));
    if (written.length < rows.length)
      throw new ConcurrencyError(
        `One of ${rows.length} rows of ${table.name} has changed since it was read`,
      );
    for (const row of rows) row.version += 1;
  }

  override async remove<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
  ): Promise<number> {
    const { affected } = await this.#manager.delete(table, where as never);
    return affected ?? 0;
  }

  override async claim<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
    forMs: number,
    limit: number,
  ): Promise<Row[]> {
    const rows = await this.#manager.find(table, {
      where: { [due]: Raw((column) => `${column} <= now()`) } as never,
      order: { [due]: 'ASC' } as never,
      take: limit,
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
    if (rows.length === 0) return [];
    const until = new Date((await this.databaseTime()).getTime() + forMs);
    for (const row of rows) {
      Object.assign(row, { [due]: until });
      await this.save(table, row);
    }
    return rows;
  }

  override async msUntilDue<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
  ): Promise<number | undefined> {
    const { tableName, columns } = this.#manager.connection.getMetadata(table);
    const column = columns.find(({ propertyName }) => propertyName === due)!.databaseName;
    const [row] = await this.query<{ ms: number | null }>(
      `SELECT (extract(epoch FROM min(${column}) - clock_timestamp()) * 1000)::float8 AS ms FROM ${tableName}`,
      [],
    );
    return row?.ms == null ? undefined : Math.max(0, row.ms);
  }

  override async databaseTime(): Promise<Date> {
    const [row] = await this.query<{ time: Date }>('SELECT clock_timestamp() AS time', []);
    return row!.time;
  }

  override async assertHeld({ name, epoch }: Lease): Promise<void> {
    const held = await this.query('SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE', [
      name,
      epoch,
    ]);
    if (held.length === 0) throw new LeaseLostError(name);
  }

  protected override async insertInbox({ id }: Envelope): Promise<boolean> {
    const rows = await this.query(
      'INSERT INTO inbox (message_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING message_id',
      [id],
    );
    return rows.length === 1;
  }

  /** Runs a statement inside this transaction; for libs with their own tables (event store). */
  async query<Row>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#manager.query(sql, [...values]);
  }

  async flush(): Promise<void> {
    await this.runBeforeCommit(async (messages) => {
      const topics = messages.map(({ topic }) => topic);
      const envelopes = messages.map(({ envelope }) => JSON.stringify(envelope));
      await this.query(
        'INSERT INTO outbox (topic, envelope) SELECT * FROM unnest($1::text[], $2::jsonb[])',
        [topics, envelopes],
      );
      this.afterCommit(() => this.#notifier.notify('outbox'));
    });
  }

  committed(): void {
    this.runAfterCommit();
  }

  #key(table: EntityClass<object>): string {
    const { primaryColumns }: EntityMetadata = this.#manager.connection.getMetadata(table);
    return primaryColumns[0]!.propertyName;
  }
}
