import { type Database, type Versioned } from '@fieldguide/database';
import { type Exclusive, TableStatements } from '@fieldguide/database/parts';
import type { DomainEvent } from './decider.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';
import { type AnyProjection, applyEvents, keysOf, readFirsts } from './projection.ts';

const BATCH = 4_000;
/** When at most this many events are left, they are applied while readers wait: a few milliseconds. */
const SWAP_WITHIN_EVENTS = 500;

export interface RebuildProgress {
  readonly events: number;
  readonly of: number;
}

/**
 * Rebuilds a projection from the log without downtime: fills a second table, then swaps it with the live one. Readers see
 * the old rows until they see the new ones, and the live projection keeps running. Needs the owner's role.
 * A rebuild that crashes leaves the live table unchanged; the next one starts from the beginning.
 * @returns how many events were read
 * @throws Error when another rebuild of this projection runs
 */
export async function rebuild<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event,
>(
  projection: AnyProjection<Row, Event, First>,
  store: EventStore,
  database: Database,
  progress: (at: RebuildProgress) => void = () => undefined,
): Promise<number> {
  const { name } = projection;
  const lock = await database.tryExclusive(`rebuild ${name}`);
  if (!lock)
    throw new Error(`Projection ${name} is being rebuilt already: wait until that rebuild is done`);
  try {
    return await rebuildAlone(projection, store, database, lock, progress);
  } finally {
    await lock.release();
  }
}

async function rebuildAlone<Row extends Versioned, Event extends DomainEvent, First extends Event>(
  projection: AnyProjection<Row, Event, First>,
  store: EventStore,
  database: Database,
  lock: Exclusive,
  progress: (at: RebuildProgress) => void,
): Promise<number> {
  const shadow = new ShadowTable(projection, store, database);
  await shadow.create();
  let position = '0';
  let count = 0;
  let next = store.readAll(position, BATCH);
  for (;;) {
    const { events, position: reached } = await next;
    const end = await store.lastPosition();
    const isClose = BigInt(end) - BigInt(reached) <= BigInt(SWAP_WITHIN_EVENTS);
    if (events.length > 0 && !isClose) next = store.readAll(reached, BATCH); // read the next page while this one is written
    await shadow.apply(events);
    position = reached;
    count += events.length;
    progress({ events: count, of: Number(end) });
    if (isClose) break;
  }
  // Another rebuild may have started after the connection was lost, with a table of the same name.
  if (!lock.isHeld)
    throw new Error(
      `The rebuild of projection ${projection.name} lost its connection to the database: start it again`,
    );
  return count + (await shadow.swap(position));
}

interface Column {
  readonly name: string;
  readonly property: string;
}

type Query = (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** The table that the rebuild fills. */
class ShadowTable<Row extends Versioned, Event extends DomainEvent, First extends Event> {
  readonly #projection: AnyProjection<Row, Event, First>;
  readonly #store: EventStore;
  readonly #database: Database;
  readonly #live: string;
  readonly #name: string;
  readonly #columns: readonly Column[];
  readonly #key: string;
  readonly #statements: TableStatements<Row>;
  readonly #query: Query;

  constructor(projection: AnyProjection<Row, Event, First>, store: EventStore, database: Database) {
    this.#projection = projection;
    this.#store = store;
    this.#database = database;
    const metadata = database.source.getMetadata(projection.table);
    const { tableName, columns } = metadata;
    this.#live = tableName;
    this.#name = `${tableName}_next`;
    this.#columns = columns.map(({ databaseName, propertyName }) => ({
      name: databaseName,
      property: propertyName,
    }));
    this.#statements = new TableStatements(metadata, this.#name);
    this.#query = (sql, values = []) => database.query(sql, values);
    this.#key = this.#columns.find(({ property }) => property === projection.key)!.name;
  }

  async create(): Promise<void> {
    await this.#database.query(`DROP TABLE IF EXISTS ${this.#name}`);
    await this.#database.query(`CREATE TABLE ${this.#name} (LIKE ${this.#live} INCLUDING ALL)`);
  }

  /** Applies events to the rows, and writes the changed rows with one statement. */
  async apply(events: readonly RecordedEvent[], query: Query = this.#query): Promise<void> {
    const firsts = await readFirsts(this.#projection, events, this.#store);
    const rows = await this.#load(keysOf(this.#projection, events, firsts), query);
    const changed = applyEvents(this.#projection, events, rows, firsts);
    if (changed.size === 0) return;
    const writes = [...changed].map((key) => {
      const row = rows.get(key)!;
      const base = row.version;
      return { row: Object.assign(row, { version: base + 1 }), base };
    });
    const { text, values } = this.#statements.write(writes);
    await query(text, values as unknown[]);
  }

  /**
   * Locks the live table, applies the last events and swaps the names, in one transaction with the checkpoint.
   * @returns the number of events applied
   */
  async swap(from: string): Promise<number> {
    return this.#database.source.transaction(async (manager) => {
      const query: Query = (sql, values = []) => manager.query(sql, values);
      await query(`LOCK TABLE ${this.#live} IN ACCESS EXCLUSIVE MODE`);
      let position = from;
      let count = 0;
      for (;;) {
        const page = await this.#store.readAll(position, BATCH);
        if (page.events.length === 0) break;
        await this.apply(page.events, query);
        position = page.position;
        count += page.events.length;
      }
      await query(`ALTER TABLE ${this.#live} RENAME TO ${this.#live}_old`);
      await query(`ALTER TABLE ${this.#name} RENAME TO ${this.#live}`);
      await query(`DROP TABLE ${this.#live}_old`);
      await query(
        `INSERT INTO checkpoints AS c (name, position, version) VALUES ($1, $2, 1)
         ON CONFLICT (name) DO UPDATE SET position = excluded.position, version = c.version + 1`,
        [this.#projection.name, position],
      );
      return count;
    });
  }

  async #load(keys: readonly string[], query: Query): Promise<Map<string, Row>> {
    if (keys.length === 0) return new Map();
    const sql = `SELECT * FROM ${this.#name} WHERE ${this.#key} = ANY($1)`;
    const rows = new Map<string, Row>();
    for (const stored of await query(sql, [keys])) {
      const row = new this.#projection.table();
      for (const { name, property } of this.#columns)
        Object.assign(row, { [property]: stored[name] });
      rows.set(String(stored[this.#key]), row);
    }
    return rows;
  }
}
