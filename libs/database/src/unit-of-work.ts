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
  readonly #afterCommit: (() => void)[] = [];
  readonly #unwritten = new Map<EntityClass<object>, Map<string, Versioned>>();
  readonly #saved: { readonly row: Versioned; readonly version: number }[] = [];
  readonly #appended = new Map<EntityClass<object>, object[]>();
  #causation: Causation | undefined;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  /** Loads one row by its primary key, without a lock: `save` detects a concurrent change. */
  abstract load<Row extends Versioned>(
    table: EntityClass<Row>,
    id: string,
  ): Promise<Row | undefined>;

  /** Loads the rows with these keys and locks them until the end, in the order of their keys, to avoid deadlocks. */
  abstract lock<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
  ): Promise<Row[]>;

  /** Finds rows whose columns equal `where`, sorted by `order`, or by the primary key when no order is given. */
  abstract find<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
    limit: number,
    order?: keyof Row & string,
  ): Promise<Row[]>;

  /**
   * Waits until no other unit of work holds the lock `name`, and holds it until this one ends. Later reads
   * include everything that earlier holders committed.
   */
  abstract exclusively(name: string): Promise<void>;

  /**
   * Inserts (version 0) or updates the row as it is now, and increments its version. Written before the commit with one
   * statement for each table, or earlier, when this unit of work reads the table: then `run` or that read throws a
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
      if (this.#unwritten.get(table)?.has(key)) await this.flush(table);
      const unwritten = this.#unwritten.get(table) ?? new Map<string, Versioned>();
      this.#unwritten.set(table, unwritten.set(key, structuredClone({ ...row })));
      this.#saved.push({ row, version: row.version });
      row.version += 1;
    }
  }

  /** For implementations: writes the saved rows of this table. Every read of the table does so first. */
  protected async flush(table: EntityClass<object>): Promise<void> {
    const unwritten = this.#unwritten.get(table);
    this.#unwritten.delete(table);
    // In the order of `save`: identity columns number the rows in this order.
    if (unwritten) await this.write(table as EntityClass<Versioned>, [...unwritten.values()]);
  }

  /**
   * Writes rows with their next version; all are different.
   * @throws ConcurrencyError
   */
  protected abstract write<Row extends Versioned>(
    table: EntityClass<Row>,
    rows: readonly Row[],
  ): Promise<void>;

  protected abstract keyOf(table: EntityClass<object>, row: object): string;

  /**
   * Inserts a row now, unless its key exists. Waits for another unit of work that is inserting the same key.
   * @returns false when the key exists
   */
  abstract insert<Row extends object>(table: EntityClass<Row>, row: Row): Promise<boolean>;

  /**
   * Inserts a row with an identity column before the commit, with one statement for each table; reads of this unit of
   * work do not see it. All saved rows are written first: where their versions order the transactions of a subject, the
   * identities of its appended rows have the same order.
   */
  append<Row extends object>(table: EntityClass<Row>, row: Row): void {
    this.#appended.set(table, [...(this.#appended.get(table) ?? []), row]);
  }

  /** Inserts appended rows of one class, in their order. */
  protected abstract insertAll(table: EntityClass<object>, rows: readonly object[]): Promise<void>;

  /** Deletes the rows whose columns equal `where`. @returns the number of deleted rows */
  abstract remove<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
  ): Promise<number>;

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
  continueFrom({ id, correlationid, traceparent }: Causation): void {
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

  /** Wakes the workers that wait for this channel, on every instance, after the commit. A crash in between loses the hint. */
  abstract notify(channel: string): void;

  /** For hints only: `step` does not run when the process crashes in between. */
  afterCommit(step: () => void): void {
    this.#afterCommit.push(step);
  }

  /** For implementations: writes saved rows, then appended ones, then runs the hooks. */
  protected async runBeforeCommit(): Promise<void> {
    for (const table of [...this.#unwritten.keys()]) await this.flush(table);
    for (const [table, rows] of this.#appended) await this.insertAll(table, rows);
    for (const step of this.#beforeCommit) await step();
  }

  /** For implementations: the rows have the versions that they had before, so that the work can be repeated. */
  protected resetVersions(): void {
    for (const { row, version } of this.#saved.toReversed()) row.version = version;
  }

  protected runAfterCommit(): void {
    for (const step of this.#afterCommit) step();
  }
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
