import type { Clock, Ids } from '@fieldguide/clock';
import { traceInto } from '@fieldguide/telemetry';
import type { Lease } from '@fieldguide/workers';
import type { Causation, Envelope, NewMessage } from './envelope.ts';

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

/** The origin of outgoing messages: the service, clock and ids that fill their envelopes. */
export interface MessageOrigin {
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * All changes of one decision, committed together or not at all: rows, events, outgoing messages, the inbox.
 * Writes use it instead of a repository; the same handler runs on PostgreSQL and in memory.
 */
export abstract class UnitOfWork {
  readonly #origin: MessageOrigin;
  readonly #outgoing: { topic: string; envelope: Envelope }[] = [];
  readonly #beforeCommit: (() => Promise<void>)[] = [];
  readonly #afterCommit: (() => void)[] = [];
  readonly #unwritten = new Map<EntityClass<object>, Map<string, Versioned>>();
  readonly #saved: { readonly row: Versioned; readonly version: number }[] = [];
  #causation: Causation | undefined;

  constructor(origin: MessageOrigin) {
    this.#origin = origin;
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

  /**
   * Marks a message as received by this service. Messages published from here on name it as their cause.
   * @returns false when it was received before
   */
  async accept(message: Envelope): Promise<boolean> {
    this.continueFrom(message);
    return this.insertInbox(message);
  }

  /** For deferred work: messages published from here on name the message that requested the work as their cause. */
  continueFrom({ id, correlationid, traceparent }: Causation): void {
    this.#causation = { id, correlationid, ...(traceparent && { traceparent }) };
  }

  protected abstract insertInbox(message: Envelope): Promise<boolean>;

  /** Adds a message to the outbox; the relay sends it after the commit, in order for each subject. */
  publish({ topic, id, type, subject, data }: NewMessage): void {
    const { service, clock, ids } = this.#origin;
    const messageId = id ?? ids.next();
    const envelope: Envelope = {
      specversion: '1.0',
      id: messageId,
      source: `/${service}`,
      type,
      subject,
      time: clock.now().toISOString(),
      datacontenttype: 'application/json',
      data,
      correlationid: this.#causation?.correlationid ?? messageId,
      ...(this.#causation && { causationid: this.#causation.id }),
    };
    this.#outgoing.push({ topic, envelope: traceInto({ ...envelope }) as Envelope });
  }

  /** Current time of this instance, to record when something happened; for deadlines see `databaseTime`. */
  now(): Date {
    return this.#origin.clock.now();
  }

  /** The message being handled, if any. */
  get causation(): Causation | undefined {
    return this.#causation;
  }

  /** For libs: runs `step` last inside the transaction, after all rows of the handler are written. It saves none. */
  beforeCommit(step: () => Promise<void>): void {
    this.#beforeCommit.push(step);
  }

  /** For hints only: `step` does not run when the process crashes in between. */
  afterCommit(step: () => void): void {
    this.#afterCommit.push(step);
  }

  /**
   * For implementations: saved rows are written first, outgoing messages after them. The version of a subject's row
   * orders its transactions; because the outbox is written after that row, its ids have the same order.
   */
  protected async runBeforeCommit(
    write: (messages: readonly { topic: string; envelope: Envelope }[]) => Promise<void>,
  ): Promise<void> {
    for (const table of [...this.#unwritten.keys()]) await this.flush(table);
    if (this.#outgoing.length > 0) await write(this.#outgoing);
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
