import type { Database } from '@fieldguide/database';
import type { DedicatedConnection } from '@fieldguide/database/parts';
import { outsideTrace } from '@fieldguide/telemetry';
import { type AppendValues, appendAlone, valuesFor } from './statements.ts';

/** Too many appends wait already; nothing was appended. Slow down, or retry later. */
export class EventStoreOverloadedError extends Error {
  override name = 'EventStoreOverloadedError';
}

/** The connection was lost and the database cannot be queried: the events may be stored. Retry with the same ids. */
class AppendOutcomeUnknownError extends Error {
  override name = 'AppendOutcomeUnknownError';
}

interface Waiting {
  readonly append: AppendValues;
  readonly bytes: number;
  readonly since: number;
  readonly isSecondTry: boolean;
  /** The stream's version afterwards; undefined: it was not at the expected version, or has such an event already. */
  readonly resolve: (version: number | undefined) => void;
  readonly reject: (error: Error) => void;
}

const WAITING_MAX = 10_000;
const EVENTS_MAX = 500;
const BYTES_MAX = 1_000_000;
// Longer than a commit may take: while the database does not respond, appends fail instead of queueing.
const WAITING_MS_MAX = 10_000;
const TERMINATE_WITHIN_MS = 5_000;

const code = { any: -1, mustExist: -2 } as const;

// One statement for many appends, each to another stream and each with its own result. It locks the existing heads in the
// order of their names, inserts the new ones in that order, and takes the feed's counter last. This lock order avoids
// deadlocks between batches, and between a batch and a unit of work.
const SQL = `
WITH wanted AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[]) WITH ORDINALITY AS w (stream, expected, count, place)
),
present AS (
  SELECT stream FROM streams WHERE stream = ANY($1) ORDER BY stream FOR UPDATE
),
created AS (
  INSERT INTO streams (stream, version)
  SELECT stream, count FROM wanted
  WHERE expected = 0 AND (SELECT count(*) FROM present) >= 0 AND stream NOT IN (SELECT stream FROM present)
  ORDER BY stream ON CONFLICT DO NOTHING RETURNING stream, version
),
taken AS (
  INSERT INTO streams AS s (stream, version)
  SELECT stream, count FROM wanted
  WHERE expected = -1 AND (SELECT count(*) FROM created) >= 0
  ORDER BY stream ON CONFLICT (stream) DO UPDATE SET version = s.version + excluded.version
  RETURNING stream, version
),
moved AS (
  UPDATE streams s SET version = s.version + w.count
  FROM wanted w JOIN present USING (stream)
  WHERE s.stream = w.stream AND (w.expected = -2 OR (w.expected > 0 AND s.version = w.expected))
  RETURNING s.stream, s.version
),
heads AS (
  SELECT * FROM created UNION ALL SELECT * FROM taken UNION ALL SELECT * FROM moved
),
written AS (
  INSERT INTO events (stream, version, id, type, data, metadata, time)
  SELECT h.stream, h.version - w.count + e.n, e.i, e.t, e.d, m.metadata, m.time
  FROM jsonb_to_recordset($4::jsonb) AS e (a int, n int, i uuid, t text, d jsonb)
  JOIN wanted w ON w.place = e.a
  JOIN heads h ON h.stream = w.stream
  JOIN unnest($5::jsonb[], $6::timestamptz[]) WITH ORDINALITY AS m (metadata, time, place) ON m.place = e.a
  RETURNING stream, version
),
ended AS (
  UPDATE feed_end SET position = position + (SELECT count(*) FROM written)
  WHERE only_row AND EXISTS (SELECT FROM written)
  RETURNING position - (SELECT count(*) FROM written) AS before
),
fed AS (
  INSERT INTO feed (position, stream, version)
  SELECT ended.before + row_number() OVER (ORDER BY written.stream, written.version), written.stream, written.version
  FROM ended, written
)
SELECT stream, version FROM heads`;

/**
 * Concurrent appends share a statement and a commit: one flush to disk for all of them. An append that arrives while a
 * batch is written joins the next batch; a single append does not wait.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #connection: DedicatedConnection;
  #waiting: Waiting[] = [];
  #isUnderWay = false;

  constructor(database: Database) {
    this.#database = database;
    this.#connection = database.dedicatedConnection('append');
  }

  /**
   * @returns the stream's version afterwards; undefined when it was not at the expected version or has such an event already
   * @throws EventStoreOverloadedError
   * @throws AppendOutcomeUnknownError
   */
  append(append: AppendValues, isSecondTry = false): Promise<number | undefined> {
    if (this.#waiting.length >= WAITING_MAX)
      return Promise.reject(
        new EventStoreOverloadedError(`Cannot append: ${WAITING_MAX} appends wait already`),
      );
    const bytes = append.events.reduce(
      (sum, { data }) => sum + data.length + append.metadata.length,
      0,
    );
    return new Promise((resolve, reject) => {
      const since = performance.now();
      this.#waiting.push({ append, bytes, since, isSecondTry, resolve, reject });
      void outsideTrace(() => this.#drain()); // appends of several traces share a statement
    });
  }

  async #drain(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    while (this.#waiting.length > 0) {
      // Callers that just got their result may append again: let those appends share the next batch.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#commit(this.#nextBatch());
    }
    this.#isUnderWay = false;
  }

  /** Takes the appends that wait longest, one for each stream: a second one to the same stream joins the next batch. */
  #nextBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const streams = new Set<string>();
    let [events, bytes] = [0, 0];
    const oldest = performance.now() - WAITING_MS_MAX;
    for (const each of this.#waiting) {
      if (each.since < oldest) {
        each.reject(
          new EventStoreOverloadedError(
            `An append has waited for ${WAITING_MS_MAX / 1_000} s: slow down, or retry later`,
          ),
        );
        continue;
      }
      const { stream, events: own } = each.append;
      const isFull =
        batch.length > 0 && (events + own.length > EVENTS_MAX || bytes + each.bytes > BYTES_MAX);
      if (isFull || streams.has(stream)) left.push(each);
      else {
        batch.push(each);
        events += own.length;
        bytes += each.bytes;
      }
      streams.add(stream);
    }
    this.#waiting = left;
    return batch;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    let processId: number;
    try {
      processId = await this.#connection.processId();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error); // nothing was sent
      return;
    }
    try {
      const versions = await this.#send(batch);
      for (const { append, resolve } of batch) resolve(versions.get(append.stream));
    } catch (error) {
      const { code: sqlState = '' } = error as { code?: string };
      if (!isRejected(sqlState)) return this.#resolveUnknown(batch, processId, error as Error);
      // One append failed the whole statement: commit each by itself.
      if (batch.length > 1) for (const each of batch) await this.#commit([each]);
      else if (sqlState === UNIQUE) batch[0]!.resolve(undefined);
      else batch[0]!.reject(error as Error);
    }
  }

  /** A single append uses a cheaper statement than a batch. @returns stream → version */
  async #send(batch: readonly Waiting[]): Promise<Map<string, number>> {
    const [{ append: only }, ...others] = batch as [Waiting, ...Waiting[]];
    if (others.length === 0) {
      const statement = appendAlone(only.expected);
      const values = valuesFor(only);
      const [done] = await this.#connection.query<[version: number]>({ ...statement, values });
      return new Map(done ? [[only.stream, done[0]]] : []);
    }
    const rows = await this.#connection.query<[stream: string, version: number]>({
      name: 'append-many',
      text: SQL,
      values: valuesOf(batch),
    });
    return new Map(rows);
  }

  /** Finds out which appends were committed. Ends the old connection's process first, so that it cannot commit later. */
  async #resolveUnknown(batch: readonly Waiting[], processId: number, cause: Error): Promise<void> {
    let there: Map<string, number>;
    try {
      await this.#end(processId);
      const ids = batch.flatMap(({ append }) => append.events.map(({ id }) => id));
      const sql = 'SELECT id, version FROM events WHERE id = ANY($1)';
      const rows = await this.#database.query<{ id: string; version: number }>(sql, [ids]);
      there = new Map(rows.map(({ id, version }) => [id, version]));
    } catch {
      const message = `It is unknown whether the events were appended: ${cause.message}. Retry with the same ids.`;
      for (const { reject } of batch) reject(new AppendOutcomeUnknownError(message, { cause }));
      return;
    }
    for (const { append, isSecondTry, resolve, reject } of batch) {
      const version = there.get(append.events.at(-1)?.id ?? '');
      if (version !== undefined) resolve(version);
      else if (isSecondTry) reject(cause);
      else this.append(append, true).then(resolve, reject);
    }
  }

  async #end(processId: number): Promise<void> {
    const until = performance.now() + TERMINATE_WITHIN_MS;
    const sql =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND usename = current_user';
    while ((await this.#database.query(sql, [processId])).length > 0) {
      if (performance.now() > until) throw new Error('the old connection did not end in time');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** PostgreSQL's code for a unique violation. */
export const UNIQUE = '23505';

/**
 * Whether the database rejected the statement, so that nothing was written. Any other error is a lost connection or a
 * server that shuts down.
 */
const isRejected = (sqlState: string) =>
  /^[0-9A-Z]{5}$/.test(sqlState) && !/^(08|57P|58)/.test(sqlState);

function valuesOf(batch: readonly Waiting[]): unknown[] {
  const appends = batch.map(({ append }) => append);
  const events = appends.flatMap(({ events: own }, at) =>
    own.map(
      ({ id, type, data }, n) =>
        `{"a":${at + 1},"n":${n + 1},"i":"${id}","t":${JSON.stringify(type)},"d":${data}}`,
    ),
  );
  return [
    appends.map(({ stream }) => stream),
    appends.map(({ expected }) => (typeof expected === 'number' ? expected : code[expected])),
    appends.map(({ events: own }) => own.length),
    `[${events.join(',')}]`,
    appends.map(({ metadata }) => metadata),
    appends.map(({ time }) => time),
  ];
}
