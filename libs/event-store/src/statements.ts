import type { ExpectedVersion } from './event-store.ts';

// The stream row that the append may change: one statement per expectation, so that the write itself checks it.
const heads = {
  new: 'INSERT INTO streams (stream, version) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING version',
  exact:
    'UPDATE streams SET version = version + $2 WHERE stream = $1 AND version = $8 RETURNING version',
  existing: 'UPDATE streams SET version = version + $2 WHERE stream = $1 RETURNING version',
  any: `INSERT INTO streams AS s (stream, version) VALUES ($1, $2)
        ON CONFLICT (stream) DO UPDATE SET version = s.version + $2 RETURNING version`,
};
type Head = keyof typeof heads;

const written = (head: Head) => `
  head AS (${heads[head]}),
  written AS (
    INSERT INTO events (stream, version, id, type, data, metadata, time)
    SELECT $1, head.version - $2::int + e.nth, e.id, e.type, e.data, $6::jsonb, $7
    FROM head, unnest($3::uuid[], $4::text[], $5::jsonb[]) WITH ORDINALITY AS e (id, type, data, nth)
    RETURNING version
  )`;

/** An append in a unit of work: the feed's position is assigned at its end, as its last lock. */
export const appendIn = (expected: ExpectedVersion) =>
  `WITH ${written(headFor(expected))} SELECT version FROM head`;

/** An append by itself: the feed's position is assigned in the same statement. */
export function appendAlone(expected: ExpectedVersion): { name: string; text: string } {
  const head = headFor(expected);
  return { name: `append-${head}`, text: alone[head] };
}

const heading = (head: Head) => `
  WITH ${written(head)},
  ended AS (
    UPDATE feed_end SET position = position + $2::int WHERE only_row AND EXISTS (SELECT FROM head)
    RETURNING position - $2::int AS before
  ),
  fed AS (
    INSERT INTO feed (position, stream, version)
    SELECT ended.before + row_number() OVER (ORDER BY written.version), $1, written.version
    FROM ended, written
  )
  SELECT version FROM head`;
const alone: Readonly<Record<Head, string>> = {
  new: heading('new'),
  exact: heading('exact'),
  existing: heading('existing'),
  any: heading('any'),
};

/** The parameters of both. Only the statement that compares the version uses `expected`. */
export function valuesFor({ stream, expected, events, metadata, time }: AppendValues): unknown[] {
  const values = [
    stream,
    events.length,
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ data }) => data),
    metadata,
    time,
  ];
  return headFor(expected) === 'exact' ? [...values, expected] : values;
}

export interface AppendValues {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  /** `data` as JSON. */
  readonly events: readonly { readonly id: string; readonly type: string; readonly data: string }[];
  /** JSON, the same for all events. */
  readonly metadata: string;
  readonly time: Date;
}

function headFor(expected: ExpectedVersion): Head {
  if (expected === 0) return 'new';
  if (expected === 'any') return 'any';
  return expected === 'mustExist' ? 'existing' : 'exact';
}
