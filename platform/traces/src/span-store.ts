import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { peerOf, type Span, topicOf } from './span.ts';

export const RETENTION_MS = 15 * 60_000;
/** The budget of the database; the write-ahead log needs up to 10 MB more. */
export const STORE_BYTES_MAX = 40_000_000;
const SPANS_OF_A_TRACE_MAX = 10_000;
const WAL_BYTES_MAX = 4_000_000;
const TRACES_PER_STEP = 50;
const RECREATE_AFTER_MS = 10_000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF; -- a crash of the machine may cost the traces: they are never worth a wait for the disk
  PRAGMA journal_size_limit = ${WAL_BYTES_MAX};
  CREATE TABLE IF NOT EXISTS traces (
    id TEXT PRIMARY KEY, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
    spans INTEGER NOT NULL, errors INTEGER NOT NULL, seen_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS traces_by_start ON traces (start_us);
  CREATE INDEX IF NOT EXISTS traces_by_seen ON traces (seen_ms);
  CREATE TABLE IF NOT EXISTS spans (
    trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT, app TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, start_us INTEGER NOT NULL, duration_us INTEGER NOT NULL, error INTEGER NOT NULL,
    peer TEXT, topic TEXT, rest TEXT NOT NULL,
    UNIQUE (trace_id, span_id)
  ) STRICT; -- with a rowid: without one, SQLite moves rows from 1 kB on to pages of their own
  CREATE INDEX IF NOT EXISTS spans_by_app ON spans (app, name, peer);
  CREATE INDEX IF NOT EXISTS spans_by_start ON spans (start_us);
`;

export interface StoreSettings {
  readonly file: string;
  readonly now?: () => number;
  readonly bytesMax?: number;
}

/**
 * The spans of the last 15 minutes in one SQLite file of at most 50 MB. Traces are deleted whole, the least recently
 * extended first. A span that is delivered twice is stored once.
 */
export class SpanStore {
  readonly #file: string;
  readonly #now: () => number;
  readonly #bytesMax: number;
  #database: DatabaseSync | undefined;
  #statements: Statements | undefined;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ file, now = Date.now, bytesMax = STORE_BYTES_MAX }: StoreSettings) {
    this.#file = file;
    this.#now = now;
    this.#bytesMax = bytesMax;
  }

  /** Opens the file; recreates a damaged one. @throws when neither works; tries again after ten seconds */
  get database(): DatabaseSync {
    if (this.#database) return this.#database;
    if (this.#now() - this.#failedAtMs < RECREATE_AFTER_MS)
      throw new Error(`The store of traces in ${this.#file} cannot be opened.`);
    try {
      return this.#open();
    } catch {
      this.#failedAtMs = this.#now();
      remove(this.#file);
      return this.#open();
    }
  }

  /**
   * Stores a batch in one transaction, then deletes what exceeds the size.
   * @returns how many spans belong to a trace that has its maximum of 10,000
   * @throws when the file cannot be written; none of the batch is stored
   */
  add(spans: readonly Span[]): { rejected: number } {
    const rejected = this.#transaction(() => this.#insert(spans));
    this.#transaction(() => {
      while (this.bytes() > this.#bytesMax && this.#deleteOldest(Number.MAX_SAFE_INTEGER, 1) > 0);
    });
    return { rejected };
  }

  /** Deletes the next 50 traces that exceed their age. @returns how many there were; call again until 0 */
  expire(): number {
    return this.#transaction(() => this.#deleteOldest(this.#now() - RETENTION_MS, TRACES_PER_STEP));
  }

  /** Deletes all spans. */
  clear(): void {
    this.close();
    remove(this.#file);
    this.#failedAtMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): DatabaseSync {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(this.#file);
    try {
      database.exec(SCHEMA);
      this.#statements = prepare(database);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }

  #insert(spans: readonly Span[]): number {
    const { insert, count, extend } = this.#statements!;
    let rejected = 0;
    for (const [traceId, own] of Map.groupBy(spans, (span) => span.traceId)) {
      const stored = Number(count.get(traceId)?.['spans'] ?? 0);
      const accepted = own.slice(0, Math.max(0, SPANS_OF_A_TRACE_MAX - stored));
      rejected += own.length - accepted.length;
      const added = accepted.filter((span) => insert.run(...rowOf(span)).changes > 0);
      if (added.length === 0) continue;
      extend.run(
        traceId,
        added.reduce((first, { startUs }) => Math.min(first, startUs), Number.MAX_SAFE_INTEGER),
        added.reduce((last, { startUs, durationUs }) => Math.max(last, startUs + durationUs), 0),
        added.length,
        added.filter(({ error }) => error).length,
        this.#now(),
      );
    }
    return rejected;
  }

  #deleteOldest(seenBeforeMs: number, tracesMax: number): number {
    const { oldest, deleteSpans, deleteTrace } = this.#statements!;
    const ids = oldest.all(seenBeforeMs, tracesMax).map(({ id }) => id as string);
    for (const id of ids) {
      deleteSpans.run(id);
      deleteTrace.run(id);
    }
    return ids.length;
  }

  /** Returns the size of the pages in use: deleted rows leave free pages, which the next batches fill. */
  bytes(): number {
    const { pages, freePages, pageSize } = this.#statements!;
    const number = (statement: StatementSync) => Number(Object.values(statement.get()!)[0]);
    return (number(pages) - number(freePages)) * number(pageSize);
  }

  /** After an error the file is opened again: it may have been deleted, damaged or replaced. */
  #transaction<T>(work: () => T): T {
    const { database } = this;
    try {
      database.exec('BEGIN IMMEDIATE');
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

function remove(file: string): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(file + ending, { force: true });
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  const sql = {
    insert: 'INSERT OR IGNORE INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    count: 'SELECT spans FROM traces WHERE id = ?',
    extend: `INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
      start_us = min(start_us, excluded.start_us), end_us = max(end_us, excluded.end_us),
      spans = spans + excluded.spans, errors = errors + excluded.errors, seen_ms = excluded.seen_ms`,
    oldest: 'SELECT id FROM traces WHERE seen_ms < ? ORDER BY seen_ms LIMIT ?',
    deleteSpans: 'DELETE FROM spans WHERE trace_id = ?',
    deleteTrace: 'DELETE FROM traces WHERE id = ?',
    pages: 'PRAGMA page_count',
    freePages: 'PRAGMA freelist_count',
    pageSize: 'PRAGMA page_size',
  };
  const entries = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(entries) as { [Name in keyof typeof sql]: StatementSync };
}

function rowOf(span: Span) {
  const { traceId, spanId, parentId, app, kind, name, startUs, durationUs, error, ...rest } = span;
  const row = [traceId, spanId, parentId, app, kind, name, startUs, durationUs, error ? 1 : 0];
  return [...row, peerOf(span), topicOf(span), JSON.stringify(rest)];
}
