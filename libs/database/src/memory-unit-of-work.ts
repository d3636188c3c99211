import { type Lease, LeaseLostError } from '@fieldguide/workers';
import { getMetadataArgsStorage } from 'typeorm';
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

/** Undefined: deleted. */
type Rows = Map<string, object | undefined>;

/** Units of work in memory, one after the other: for unit tests and simulation, never in a running system. */
export class MemoryUnitOfWorkRunner extends UnitOfWorkRunner {
  readonly #origin: Origin;
  readonly #tables = new Map<EntityClass<never>, Rows>();
  /** Epoch by lease name; a test increments it to simulate a takeover. */
  readonly leases = new Map<string, string>();
  #numbers = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(origin: Origin) {
    super();
    this.#origin = origin;
  }

  override run<T>(
    work: (uow: UnitOfWork) => Promise<T>,
    { retries = RETRIES }: RunOptions = {},
  ): Promise<T> {
    const turn = this.#last.then(async () => {
      for (let retry = 0; ; retry++) {
        try {
          return await this.#once(work);
        } catch (error) {
          if (retry >= retries || !(error instanceof ConcurrencyError)) throw error;
        }
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** The committed rows of a table, in the order in which they were inserted. */
  rows<Row extends object>(table: EntityClass<Row>): Row[] {
    return [...(this.#tables.get(table as EntityClass<never>)?.values() ?? [])] as Row[];
  }

  async #once<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T> {
    const nextNumber = () => ++this.#numbers;
    const uow = new MemoryUnitOfWork(this.#origin, this.#tables, this.leases, nextNumber);
    try {
      const result = await work(uow);
      await uow.commit();
      return result;
    } catch (error) {
      uow.rolledBack();
      throw error;
    }
  }
}

class MemoryUnitOfWork extends UnitOfWork {
  readonly #tables: Map<EntityClass<never>, Rows>;
  readonly #leases: ReadonlyMap<string, string>;
  readonly #nextNumber: () => number;
  readonly #changed = new Map<EntityClass<never>, Rows>();

  constructor(
    origin: Origin,
    tables: Map<EntityClass<never>, Rows>,
    leases: ReadonlyMap<string, string>,
    nextNumber: () => number,
  ) {
    super(origin);
    this.#tables = tables;
    this.#leases = leases;
    this.#nextNumber = nextNumber;
  }

  protected override async read<Row extends Versioned>(
    table: EntityClass<Row>,
    ids: readonly string[],
  ): Promise<Row[]> {
    return ids.flatMap((id) => {
      const row = this.#stored(table, id);
      return row ? [copy(row)] : [];
    });
  }

  override async find<Row extends object>(
    table: EntityClass<Row>,
    where: Where<Row>,
    limit: number,
    order?: keyof Row & string,
  ): Promise<Row[]> {
    await this.flush(table);
    const matches = (row: Row) =>
      Object.entries(where).every(([column, value]) =>
        [value].flat().includes(row[column as keyof Row]),
      );
    const found = this.#all(table).filter(matches);
    if (order) found.sort((a, b) => compare(a[order], b[order]));
    return found.slice(0, limit);
  }

  /** Units of work in memory run one after the other. */
  protected override async acquire(): Promise<void> {}

  protected override async write(
    table: EntityClass<Versioned>,
    rows: readonly RowWrite[],
  ): Promise<void> {
    const changed = new Map(this.#changed.get(table as EntityClass<never>));
    for (const { row, base } of rows) {
      const id = keyOf(table, row);
      this.#assertVersion(table, id, base);
      const next = Object.assign(new table(), copy(row));
      if (base === 0) this.#number(table, next);
      changed.set(id, next);
    }
    this.#changed.set(table as EntityClass<never>, changed);
  }

  protected override async erase(
    table: EntityClass<Versioned>,
    rows: readonly { readonly key: string; readonly version: number }[],
  ): Promise<void> {
    const changed = new Map(this.#changed.get(table as EntityClass<never>));
    for (const { key, version } of rows) {
      this.#assertVersion(table, key, version);
      changed.set(key, undefined);
    }
    this.#changed.set(table as EntityClass<never>, changed);
  }

  #assertVersion(table: EntityClass<Versioned>, id: string, version: number): void {
    if ((this.#stored(table, id)?.version ?? 0) !== version) throw changedError(table, id);
  }

  protected override keyOf(table: EntityClass<object>, row: object): string {
    return keyOf(table, row);
  }

  override async remove<Row extends object>(
    table: EntityClass<Row>,
    where: Where<Row>,
  ): Promise<number> {
    const doomed = await this.find(table, where, Number.POSITIVE_INFINITY);
    this.forget(table);
    const changed = this.#changed.get(table as EntityClass<never>) ?? new Map();
    for (const row of doomed) changed.set(keyOf(table, row), undefined);
    this.#changed.set(table as EntityClass<never>, changed);
    return doomed.length;
  }

  override async claim<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
    forMs: number,
    limit: number,
  ): Promise<Row[]> {
    await this.flush(table);
    this.forget(table);
    const time = (row: Row) => row[due] as Date | null;
    const until = new Date(this.now().getTime() + forMs);
    const rows = this.#all(table)
      .filter((row) => time(row) !== null && time(row)! <= this.now())
      .toSorted((a, b) => time(a)!.getTime() - time(b)!.getTime())
      .slice(0, limit);
    for (const row of rows) Object.assign(row, { [due]: until, version: row.version + 1 });
    await this.write(
      table,
      rows.map((row) => ({ row, base: row.version - 1 })),
    );
    return rows;
  }

  override async msUntilDue<Row extends Versioned>(
    table: EntityClass<Row>,
    due: keyof Row & string,
  ): Promise<number | undefined> {
    await this.flush(table);
    const times = this.#all(table).flatMap((row) => (row[due] as Date | null)?.getTime() ?? []);
    if (times.length === 0) return undefined;
    return Math.max(0, Math.min(...times) - this.now().getTime());
  }

  override async databaseTime(): Promise<Date> {
    return this.now();
  }

  override async assertHeld({ name, epoch }: Lease): Promise<void> {
    if (this.#leases.get(name) !== epoch) throw new LeaseLostError(name);
  }

  protected override async insertMissing(
    table: EntityClass<object>,
    rows: readonly object[],
  ): Promise<ReadonlySet<string>> {
    const missing = rows.filter((row) => !this.#stored(table, keyOf(table, row)));
    await this.insertAll(table, missing);
    return new Set(missing.map((row) => keyOf(table, row)));
  }

  protected override async insertAll(
    table: EntityClass<object>,
    rows: readonly object[],
  ): Promise<void> {
    const changed = this.#changed.get(table as EntityClass<never>) ?? new Map();
    for (const next of rows.map(copy)) {
      this.#number(table, next);
      changed.set(keyOf(table, next), next);
    }
    this.#changed.set(table as EntityClass<never>, changed);
  }

  /** Units of work in memory wake no worker. */
  override notify(): void {}

  async commit(): Promise<void> {
    await this.runBeforeCommit();
    for (const [table, rows] of this.#changed) {
      const stored = this.#tables.get(table) ?? new Map();
      for (const [id, row] of rows) {
        if (row) stored.set(id, row);
        else stored.delete(id);
      }
      this.#tables.set(table, stored);
    }
    this.runAfterCommit();
  }

  rolledBack(): void {
    this.resetVersions();
  }

  /** Fills identity columns as the database does: increasing, with gaps where a unit of work failed. */
  #number(table: EntityClass<object>, row: object): void {
    for (const { target, propertyName, strategy } of getMetadataArgsStorage().generations)
      if (target === table && strategy !== 'uuid')
        Object.assign(row, { [propertyName]: String(this.#nextNumber()) });
  }

  #stored<Row extends object>(table: EntityClass<Row>, id: string): Row | undefined {
    const changed = this.#changed.get(table as EntityClass<never>);
    const rows = changed?.has(id) ? changed : this.#tables.get(table as EntityClass<never>);
    return rows?.get(id) as Row | undefined;
  }

  #all<Row extends object>(table: EntityClass<Row>): Row[] {
    const merged = new Map([
      ...(this.#tables.get(table as EntityClass<never>) ?? []),
      ...(this.#changed.get(table as EntityClass<never>) ?? []),
    ]);
    const inOrder = [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return inOrder.flatMap(([, row]) => (row ? [copy(row as Row)] : []));
  }
}

// Rows keep their class; the store shares no row with its callers.
function copy<Row extends object>(row: Row): Row {
  return Object.assign(Object.create(Object.getPrototypeOf(row)), structuredClone({ ...row }));
}

function keyOf(table: EntityClass<object>, row: object): string {
  const columns = getMetadataArgsStorage().filterColumns(table);
  const key = columns.find(({ options }) => options.primary)?.propertyName;
  if (!key) throw new Error(`${table.name} has no primary column`);
  return String((row as Record<string, unknown>)[key]);
}

// Identity columns are bigint, and strings in JavaScript: 10 must sort after 9.
function compare(a: unknown, b: unknown): number {
  const [left, right] = [a, b].map((each) =>
    typeof each === 'string' && /^\d+$/.test(each) ? BigInt(each) : each,
  ) as [number, number];
  return left < right ? -1 : left > right ? 1 : 0;
}
