import type { PostgresUnitOfWork } from '@fieldguide/database/parts';
import {
  type AppendRequest,
  type RecordedEvent,
  WrongExpectedVersionError,
} from './event-store.ts';
import type { AppendValues } from './statements.ts';

/** What a unit of work has appended to one stream. */
interface StreamAppend {
  readonly expected: number;
  readonly events: RecordedEvent[];
}

// The order of its locks: streams by name, then the feed's counter, which is free again with the COMMIT that is sent behind
// this statement. It fails with a division by zero when a stream is not at the expected version.
const APPEND = `
WITH wanted AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[]) AS w (stream, expected, count)
),
present AS (
  SELECT stream FROM streams WHERE stream = ANY($1) ORDER BY stream FOR UPDATE
),
created AS (
  INSERT INTO streams (stream, version)
  SELECT stream, count FROM wanted WHERE expected = 0 AND (SELECT count(*) FROM present) >= 0
  ORDER BY stream ON CONFLICT DO NOTHING RETURNING 1
),
moved AS (
  UPDATE streams s SET version = s.version + w.count FROM wanted w JOIN present USING (stream)
  WHERE s.stream = w.stream AND w.expected > 0 AND s.version = w.expected RETURNING 1
),
heads AS (
  SELECT (SELECT count(*) FROM created) + (SELECT count(*) FROM moved) = cardinality($1) AS are_expected
),
written AS (
  INSERT INTO events (stream, version, id, type, data, metadata, time)
  SELECT e.s, e.v, e.i, e.t, e.d, e.m, e.at
  FROM heads, jsonb_to_recordset($4::jsonb) AS e (s text, v int, i uuid, t text, d jsonb, m jsonb, at timestamptz)
  WHERE are_expected RETURNING 1
),
ended AS (
  UPDATE feed_end SET position = position + (SELECT count(*) FROM written)
  WHERE only_row AND EXISTS (SELECT FROM written)
  RETURNING position - (SELECT count(*) FROM written) AS before
),
fed AS (
  INSERT INTO feed (position, stream, version)
  SELECT ended.before + e.nth, e.stream, e.version
  FROM ended, unnest($5::text[], $6::int[]) WITH ORDINALITY AS e (stream, version, nth)
)
SELECT 1 / are_expected::int AS appended FROM heads`;

/** How APPEND fails when a stream is not at the expected version; UNIQUE when another one inserts it at this moment. */
const REFUSED = new Set(['22012', '23505']);

/**
 * The streams of one unit of work: those that it has read in advance, and what it appends. All appends are written by one
 * statement, together with the COMMIT: the feed's counter is locked for a single round trip.
 */
export class UnitAppends {
  readonly #tx: PostgresUnitOfWork;
  readonly #read = new Map<string, readonly RecordedEvent[]>();
  readonly #appends = new Map<string, StreamAppend>();
  /** In the order in which they were appended, which is their order in the feed. */
  readonly #written: {
    readonly stream: string;
    readonly version: number;
    readonly json: string;
  }[] = [];

  constructor(tx: PostgresUnitOfWork) {
    this.#tx = tx;
  }

  get hasAppends(): boolean {
    return this.#appends.size > 0;
  }

  /** The streams of `streams` that were not read yet. */
  unread(streams: readonly string[]): string[] {
    return [...new Set(streams)].filter((stream) => !this.#read.has(stream));
  }

  keep(stream: string, events: readonly RecordedEvent[]): void {
    this.#read.set(stream, events);
  }

  /** What was read of a stream is outdated. */
  forget(stream: string): void {
    this.#read.delete(stream);
  }

  /** Whether the stream was read in advance, or appended to. */
  knows(stream: string): boolean {
    return this.#read.has(stream) || this.#appends.has(stream);
  }

  /** A stream that was read in advance, with what was appended since; undefined when it was not read. */
  stream(name: string): readonly RecordedEvent[] | undefined {
    const read = this.#read.get(name);
    return read && [...read, ...this.appended(name)];
  }

  /** What this unit of work has appended to a stream. */
  appended(name: string): readonly RecordedEvent[] {
    return this.#appends.get(name)?.events ?? [];
  }

  /** @throws WrongExpectedVersionError when this unit of work knows the stream in another version */
  add(
    { stream, events }: AppendRequest,
    expected: number,
    { events: values, metadata, time }: AppendValues,
    recorded: readonly RecordedEvent[],
  ): number {
    const append = this.#appends.get(stream) ?? { expected, events: [] };
    if (expected !== append.expected + append.events.length)
      throw new WrongExpectedVersionError(stream, expected);
    this.#appends.set(stream, append);
    append.events.push(...recorded);
    values.forEach(({ id, type, data }, at) => {
      const version = expected + at + 1;
      const text = `{"s":${JSON.stringify(stream)},"v":${version},"i":"${id}","t":${JSON.stringify(type)},"d":${data},"m":${metadata},"at":"${time.toISOString()}"}`;
      this.#written.push({ stream, version, json: text });
    });
    return expected + events.length;
  }

  /** @throws WrongExpectedVersionError */
  async write(): Promise<void> {
    const appends = [...this.#appends];
    await this.#tx
      .query(APPEND, [
        appends.map(([stream]) => stream),
        appends.map(([, { expected }]) => expected),
        appends.map(([, { events }]) => events.length),
        `[${this.#written.map(({ json }) => json).join(',')}]`,
        this.#written.map(({ stream }) => stream),
        this.#written.map(({ version }) => version),
      ])
      .catch((error: { code?: string }) => {
        if (!REFUSED.has(error.code ?? '')) throw error;
        const [[stream, { expected }]] = appends as [[string, StreamAppend]];
        throw appends.length === 1
          ? new WrongExpectedVersionError(stream, expected)
          : new WrongExpectedVersionError(`one of ${appends.length}`, 'any');
      });
  }
}
