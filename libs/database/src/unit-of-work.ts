import type { Clock, Ids } from '@fieldguide/clock';
import type { Lease } from '@fieldguide/workers';

/** An entity class, with the table's name and columns as TypeORM decorators. */
export type EntityClass<Row> = new () => Row;

/** A row with its version; 0 means that it was never saved. */
export interface Versioned {
  version: number;
}

/** The row or stream has changed since it was read. The runner retries the unit of work, a few times. */
export class ConcurrencyError extends Error {
  override name = 'ConcurrencyError';
  readonly isTransient = true;
}

/** What caused a change: the id of a message or event, and the correlation and trace that it belongs to. */
export interface Causation {
  readonly id: string;
  readonly correlationid: string;
  readonly traceparent?: string;
}

/** The service that makes the changes, with its clock and ids. */
export interface Origin {
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * All changes of one decision, committed together or not at all: rows, and what other libs add (events, messages).
 * Writes use it instead of a repository; the same handler runs on PostgreSQL and in memory.
 */
export abstract class UnitOfWork {
  readonly origin: Origin;
  readonly #beforeCommit: (() => Promise<void>)[] = [];
  readonly #atCommit: (() => Promise<void>)[] = [];
  readonly #afterCommit: (() => void)[] = [];
  /** Rows as this unit of work has prefetched, locked or saved them, by key. */
  readonly #known = new Map<EntityClass<object>, Map<string, KnownRow>>();
  readonly #unwritten = new Map<EntityClass<object>, Map<string, RowWrite>>();
  readonly #deleted = new Map<EntityClass<object>, Map<string, number>>();
  readonly #saved: { readonly row: Versioned; readonly version: number }[] = [];
  readonly #appended = new Map<EntityClass<object>, object[]>();
  #causation: Causation | undefined;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  /** Loads one row by its primary key, without a lock: `save` detects a concurrent change. */
  async load<Row extends Versioned>(table: EntityClass<Row>, id: string): Promise<Row | undefined> {
    const known = this.#knownOf(table).get(id);
    if (known) return known.row && copyOf(known.row as Row);
    return (await this.read(table, [id], false))[0];
  }

  /** Loads the rows with these keys and locks them until the end, in the order of their keys, to avoid deadlocks. */
  async lock<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
  ): Promise<Row[]> {
    await this.prefetch(table, ids, { lock: true });
    const known = this.#knownOf(table);
    return [...new Set(ids)].toSorted().flatMap((id) => {
      const row = known.get(id)?.row as Row | undefined;
      return row ? [copyOf(row)] : [];
    });
  }

  /**
   * Reads rows that this unit of work will `load` or `lock` later, with one statement. Without it, each of them is read when
   * it is needed.
   */
  async prefetch<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
    { lock = false }: { readonly lock?: boolean } = {},
  ): Promise<void> {
    const known = this.#knownOf(table);
    const missing = [...new Set(ids)].filter((id) =>
      lock ? !known.get(id)?.isLocked : !known.has(id),
    );
    if (missing.length === 0) return;
    const rows = await this.read(table, missing, lock);
    for (const id of missing) known.set(id, { row: undefined, isLocked: false });
    for (const row of rows) known.set(this.keyOf(table, row), { row, isLocked: lock });
  }

  /** For implementations: the stored rows with these keys, which have no unwritten changes. */
  protected abstract read<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
    lock: boolean,
  ): Promise<Row[]>;

  /**
   * Finds rows whose columns equal `where`, or one of its values where it has a list; sorted by `order`, or by the primary
   * key when no order is given.
   */
  abstract find<Row extends object>(
    table: EntityClass<Row>,
    where: Where<Row>,
    limit: number,
    order?: keyof Row & string,
  ): Promise<Row[]>;

  /**
   * Waits until no other unit of work holds the lock `name`, and holds it until this one ends. Later reads
   * include everything that earlier holders committed.
   */
  async exclusively(name: string): Promise<void> {
    await this.acquire(name);
    for (const known of this.#known.values())
      for (const [id, { isLocked }] of known) if (!isLocked) known.delete(id);
  }

  protected abstract acquire(name: string): Promise<void>;

  /**
   * Inserts (version 0) or updates the row as it is now, and increments its version. Written before the commit with one
   * statement for each table, or earlier, when this unit of work searches the table: then `run` or that search throws a
   * ConcurrencyError when the row has changed since it was read.
   */
  save<Row extends Versioned>(table: EntityClass<Row>, row: Row): Promise<void> {
    return this.saveAll(table, [row]);
  }

  /** Saves many rows, as `save` does. All or none are written. */
  async saveAll<Row extends Versioned>(
    table: EntityClass<Row>,
    rows: readonly Row[],
  ): Promise<void> {
    for (const row of rows) {
      const key = this.keyOf(table, row);
      if (this.#deleted.get(table)?.has(key)) await this.flush(table);
      const unwritten = entryOf(this.#unwritten, table);
      const earlier = unwritten.get(key);
      if (earlier && earlier.row.version !== row.version) throw changedError(table, key);
      const next = Object.assign(copyOf(row, table), { version: row.version + 1 });
      unwritten.set(key, { base: earlier?.base ?? row.version, row: next });
      this.#knownOf(table).set(key, { row: next, isLocked: true });
      this.#saved.push({ row, version: row.version });
      row.version += 1;
    }
  }

  /** Deletes the row before the commit. `run` throws a ConcurrencyError when it has changed since it was read. */
  async delete<Row extends Versioned>(table: EntityClass<Row>, row: Row): Promise<void> {
    const key = this.keyOf(table, row);
    const earlier = this.#unwritten.get(table)?.get(key);
    if (earlier && earlier.row.version !== row.version) throw changedError(table, key);
    this.#unwritten.get(table)?.delete(key);
    const base = earlier?.base ?? row.version;
    if (base > 0) entryOf(this.#deleted, table).set(key, base);
    this.#knownOf(table).set(key, { row: undefined, isLocked: true });
  }

  /** For implementations: writes the saved and deleted rows of this table. Every search of the table does so first. */
  protected async flush(table: EntityClass<object>): Promise<void> {
    const unwritten = [...(this.#unwritten.get(table)?.values() ?? [])];
    const deleted = [...(this.#deleted.get(table) ?? [])].map(([key, version]) => ({
      key,
      version,
    }));
    this.#unwritten.delete(table);
    this.#deleted.delete(table);
    await allOf([
      // In the order of `save`: identity columns number the rows in this order.
      unwritten.length > 0 && this.write(table as EntityClass<Versioned>, unwritten),
      deleted.length > 0 && this.erase(table as EntityClass<Versioned>, deleted),
    ]);
  }

  /** For implementations: rows of this table were changed by a statement, so what was read of them is outdated. */
  protected forget(table: EntityClass<object>): void {
    this.#known.delete(table);
  }

  /**
   * Writes rows with their versions, each unless it has another version than its base.
   * @throws ConcurrencyError
   */
  protected abstract write(table: EntityClass<Versioned>, rows: readonly RowWrite[]): Promise<void>;

  /** Deletes rows at these versions. @throws ConcurrencyError */
  protected abstract erase(
    table: EntityClass<Versioned>,
    rows: readonly { readonly key: string; readonly version: number }[],
  ): Promise<void>;

  protected abstract keyOf(table: EntityClass<object>, row: object): string;

  /**
   * Inserts a row now, unless its key exists. Waits for another unit of work that is inserting the same key.
   * @returns false when the key exists
   */
  async insert<Row extends object>(table: EntityClass<Row>, row: Row): Promise<boolean> {
    return (await this.insertNew(table, [row])).size > 0;
  }

  /** Inserts rows of different keys, as `insert` does, with one statement. @returns the keys that did not exist */
  async insertNew<Row extends object>(
    table: EntityClass<Row>,
    rows: readonly Row[],
  ): Promise<ReadonlySet<string>> {
    await this.flush(table);
    this.forget(table);
    return rows.length > 0 ? this.insertMissing(table, rows) : new Set();
  }

  protected abstract insertMissing(
    table: EntityClass<object>,
    rows: readonly object[],
  ): Promise<ReadonlySet<string>>;

  /**
   * Inserts a row with an identity column before the commit, with one statement for each table; reads of this unit of
   * work do not see it. All saved rows are written first: where their versions order the transactions of a subject, the
   * identities of its appended rows have the same order.
   */
  append<Row extends object>(table: EntityClass<Row>, row: Row): void {
    const appended = this.#appended.get(table);
    if (appended) appended.push(row);
    else this.#appended.set(table, [row]);
  }

  /** Inserts appended rows of one class, in their order. */
  protected abstract insertAll(table: EntityClass<object>, rows: readonly object[]): Promise<void>;

  /** Deletes the rows whose columns equal `where`. @returns the number of deleted rows */
  abstract remove<Row extends object>(table: EntityClass<Row>, where: Where<Row>): Promise<number>;

  /**
   * Claims rows whose time in the column `due` has passed by `databaseTime`, and postpones that time by `forMs`. No other
   * instance claims them before then; after a crash of this process they become due again. Skips rows that another
   * transaction is claiming.
   */
  abstract claim<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
    forMs: number,
    limit: number,
  ): Promise<Row[]>;

  /** Returns the milliseconds until the next row is due; 0 when one is, undefined when no row has a time in `due`. */
  abstract msUntilDue<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
  ): Promise<number | undefined>;

  /**
   * Returns the database's time. Deadlines that another instance may read are written and compared with it, never with
   * `now()`: the clocks of two machines differ.
   */
  abstract databaseTime(): Promise<Date>;

  /** @throws LeaseLostError when another instance holds it now, so that a frozen holder cannot write */
  abstract assertHeld(lease: Lease): Promise<void>;

  /** Sets what caused this unit of work: events and messages that it adds from here on name it as their cause. */
  continueFrom(causation: Causation | undefined): void {
    if (!causation) {
      this.#causation = undefined;
      return;
    }
    const { id, correlationid, traceparent } = causation;
    this.#causation = { id, correlationid, ...(traceparent && { traceparent }) };
  }

  /** Current time of this instance, to record when something happened; for deadlines see `databaseTime`. */
  now(): Date {
    return this.origin.clock.now();
  }

  /** The cause of this unit of work, if it is known. */
  get causation(): Causation | undefined {
    return this.#causation;
  }

  /** For libs: runs `step` last inside the transaction, after all rows of the handler are written. It saves none. */
  beforeCommit(step: () => Promise<void>): void {
    this.#beforeCommit.push(step);
  }

  /**
   * For libs: runs `step` with the last writes, which a database gets together with the COMMIT. It sends its only statement
   * before it waits, and that statement fails when it could not write everything.
   */
  atCommit(step: () => Promise<void>): void {
    this.#atCommit.push(step);
  }

  /** Wakes the workers that wait for this channel, on every instance, after the commit. A crash in between loses the hint. */
  abstract notify(channel: string): void;

  /** For hints only: `step` does not run when the process crashes in between. */
  afterCommit(step: () => void): void {
    this.#afterCommit.push(step);
  }

  /** For implementations: false when COMMIT may be sent together with the last writes. */
  protected get hasStepsBeforeCommit(): boolean {
    return this.#beforeCommit.length > 0;
  }

  /**
   * For implementations: writes saved rows, then appended ones, then what libs write at the commit; all writes begin before
   * the first one has ended, in this order. Then runs the hooks.
   */
  protected async runBeforeCommit(): Promise<void> {
    const tables = new Set([...this.#unwritten.keys(), ...this.#deleted.keys()]);
    const writes = [...tables].map((table) => this.flush(table));
    for (const [table, rows] of this.#appended) writes.push(this.insertAll(table, rows));
    for (const step of this.#atCommit) writes.push(step());
    await allOf(writes);
    for (const step of this.#beforeCommit) await step();
  }

  /** For implementations: the rows have the versions that they had before, so that the work can be repeated. */
  protected resetVersions(): void {
    for (const { row, version } of this.#saved.toReversed()) row.version = version;
  }

  protected runAfterCommit(): void {
    for (const step of this.#afterCommit) step();
  }

  #knownOf(table: EntityClass<object>): Map<string, KnownRow> {
    return entryOf(this.#known, table);
  }
}

/** A row to write, with its next version, and the version that is stored; base 0: none is. */
export interface RowWrite {
  readonly row: Versioned;
  readonly base: number;
}

/** Column values to find: rows that equal each of them, or one of them where it is a list. */
export type Where<Row> = { readonly [Column in keyof Row]?: Row[Column] | readonly Row[Column][] };

interface KnownRow {
  /** Undefined: there is no such row. */
  readonly row: Versioned | undefined;
  readonly isLocked: boolean;
}

/** Rejects with the first failure in the order of the writes: those after it fail because of it. */
async function allOf(writes: readonly (Promise<void> | false)[]): Promise<void> {
  const results = await Promise.allSettled(writes);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

export const changedError = (table: EntityClass<object>, keys: unknown): ConcurrencyError =>
  new ConcurrencyError(`${table.name} ${keys} has changed since it was read`);

/** A row of the same class; nested values are shared, which entities declare as readonly. */
function copyOf<Row extends object>(row: Row, of?: EntityClass<object>): Row {
  return Object.assign(Object.create(of?.prototype ?? Object.getPrototypeOf(row)), row);
}

function entryOf<Key, Value>(
  maps: Map<EntityClass<object>, Map<Key, Value>>,
  table: EntityClass<object>,
): Map<Key, Value> {
  const entry = maps.get(table) ?? new Map<Key, Value>();
  maps.set(table, entry);
  return entry;
}

export interface RunOptions {
  /**
   * Attempts after a ConcurrencyError. 0 when `work` depends on what was read before it: repeating it would fail again.
   * Deadlocks are retried nevertheless.
   */
  readonly retries?: number;
}
/** The default of `retries`. */
export const RETRIES = 4;

/** Runs units of work. */
export abstract class UnitOfWorkRunner {
  /**
   * Runs `work` and commits, or rolls everything back and retries.
   * @throws ConcurrencyError when the last attempt meets a concurrent change, too
   */
  abstract run<T>(work: (uow: UnitOfWork) => Promise<T>, options?: RunOptions): Promise<T>;

  /** Loads one row by its primary key, outside a unit of work. */
  load<Row extends Versioned>(table: EntityClass<Row>, id: string): Promise<Row | undefined> {
    return this.run((uow) => uow.load(table, id));
  }
}
