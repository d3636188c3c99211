import type { Clock, Ids } from '@fieldguide/clock';
import { traceInto } from '@fieldguide/telemetry';
import type { Causation, Envelope, NewMessage } from './envelope.ts';
import type { Lease } from './leases.ts';

/** An entity class: the table's name and columns stand on it as TypeORM decorators. */
export type EntityClass<Row> = new () => Row;

/** Every row that is changed carries its version; 0 means that it was never saved. */
export interface Versioned {
  version: number;
}

/** Somebody else changed the row or stream since we read it. The unit of work does it again, a few times. */
export class ConcurrencyError extends Error {
  override name = 'ConcurrencyError';
  readonly isTransient = true;
}

/** Who speaks and with which time and ids: what outgoing envelopes are filled from. */
export interface MessageOrigin {
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * Everything that one decision changes, all of it or nothing: rows, events, outgoing messages, the inbox.
 * Writes use it instead of a repository; the same handler runs on PostgreSQL and in memory.
 */
export abstract class UnitOfWork {
  readonly #origin: MessageOrigin;
  readonly #outgoing: { topic: string; envelope: Envelope }[] = [];
  readonly #beforeCommit: (() => Promise<void>)[] = [];
  readonly #afterCommit: (() => void)[] = [];
  #causation: Causation | undefined;

  constructor(voice: MessageOrigin) {
    this.#origin = voice;
  }

  /** One row by its primary key, without a lock: `save` notices when it moved on. */
  abstract load<Row extends Versioned>(
    table: EntityClass<Row>,
    id: string,
  ): Promise<Row | undefined>;

  /** The rows with these keys, locked until the end and in the order of their keys, so that no two deadlock. */
  abstract lock<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
  ): Promise<Row[]>;

  /** Rows whose columns equal `where`, lowest `order` first; the primary key when no order is given. */
  abstract find<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
    limit: number,
    order?: keyof Row & string,
  ): Promise<Row[]>;

  /**
   * Waits until no other unit of work holds the lock `name`, and holds it until this one ends. What is read afterwards
   * includes everything that the earlier holders committed.
   */
  abstract exclusively(name: string): Promise<void>;

  /**
   * Inserts (version 0) or updates the row and counts its version up.
   * @throws ConcurrencyError when another one was faster
   */
  abstract save<Row extends Versioned>(table: EntityClass<Row>, row: Row): Promise<void>;

  /**
   * Saves many with one statement.
   * @throws ConcurrencyError when one of them did; none is saved
   */
  abstract saveAll<Row extends Versioned>(
    table: EntityClass<Row>,
    rows: readonly Row[],
  ): Promise<void>;

  /** Deletes the rows whose columns equal `where`. @returns how many there were */
  abstract remove<Row extends object>(
    table: EntityClass<Row>,
    where: Partial<Row>,
  ): Promise<number>;

  /**
   * Takes rows whose time in the column `due` has come by `databaseTime`, and moves that time on by `forMs`: nobody
   * else takes them before then, and when this process dies they come up again. Another's open claim is skipped, not
   * waited for.
   */
  abstract claim<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
    forMs: number,
    limit: number,
  ): Promise<Row[]>;

  /** How long until the next row's time in the column `due` comes; 0 when it has, undefined when no row has one. */
  abstract msUntilDue<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
  ): Promise<number | undefined>;

  /**
   * The database's time. Deadlines that another instance may read are written and compared with it, never with
   * `now()`: the clocks of two machines differ.
   */
  abstract databaseTime(): Promise<Date>;

  /** @throws LeaseLostError when somebody else holds it by now, so that a frozen holder does no harm */
  abstract assertHeld(lease: Lease): Promise<void>;

  /**
   * Marks a message as received by this service; false when it was before. What is published from here on is
   * said to be caused by it.
   */
  async accept(message: Envelope): Promise<boolean> {
    this.continueFrom(message);
    return this.insertInbox(message);
  }

  /** For work that is done later than the message that asked for it: what is published is said to be caused by that. */
  continueFrom({ id, correlationid, traceparent }: Causation): void {
    this.#causation = { id, correlationid, ...(traceparent && { traceparent }) };
  }

  protected abstract insertInbox(message: Envelope): Promise<boolean>;

  /** Puts a message in the outbox; the relay sends it after the commit, in order for each subject. */
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

  /** Present time of this instance, for saying when something happened; for deadlines see `databaseTime`. */
  now(): Date {
    return this.#origin.clock.now();
  }

  /** The message being handled, if any. */
  get causation(): Causation | undefined {
    return this.#causation;
  }

  /** For libs: runs last inside the transaction, after every row of the handler. */
  beforeCommit(step: () => Promise<void>): void {
    this.#beforeCommit.push(step);
  }

  /** For hints only: it does not run when the process dies in between. */
  afterCommit(step: () => void): void {
    this.#afterCommit.push(step);
  }

  /**
   * For implementations: outgoing rows are written last. Two transactions about one subject are put in order by
   * the version of its row; because the outbox comes after that, its ids keep the same order.
   */
  protected async runBeforeCommit(
    write: (messages: readonly { topic: string; envelope: Envelope }[]) => Promise<void>,
  ): Promise<void> {
    if (this.#outgoing.length > 0) await write(this.#outgoing);
    for (const step of this.#beforeCommit) await step();
  }

  protected runAfterCommit(): void {
    for (const step of this.#afterCommit) step();
  }
}

/** Where units of work come from. */
export abstract class UnitOfWorkRunner {
  /** Runs `work` and commits, or rolls everything back; again (five times at most) when something moved on. */
  abstract run<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T>;
}
