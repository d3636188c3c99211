// The statements that read the log. A connection prepares each once, under its name.

/** In the order of `columns`. */
export type ReadColumns = readonly [
  id: string,
  version: number,
  type: string,
  data: object,
  metadata: Metadata,
  ms: number,
];

export interface Metadata {
  readonly correlationId: string;
  readonly causationId?: string;
  readonly actor?: string;
  readonly traceparent?: string;
}
export type FeedColumns = readonly [position: string, stream: string, ...event: ReadColumns];

export const LIMIT = 2_147_483_647;
// Cheap to parse: the time as a number, and no column that the caller knows already.
const columnsOf = (table: string) =>
  ['id', 'version', 'type', 'data', 'metadata']
    .map((column) => `${table}.${column}`)
    .concat(`(extract(epoch FROM ${table}.time) * 1000)::float8 AS ms`)
    .join(', ');
const columns = columnsOf('events');
export const COLUMN_COUNT = 6;
// The first event of a stream is read for the later ones only.
const subscribed = (after: string) => `
  SELECT feed.position, feed.stream, ${columns},
    ${columnsOf('first').replace(' AS ms', ' AS first_ms')}
  FROM feed JOIN events USING (stream, version)
  LEFT JOIN events AS first
    ON first.stream = feed.stream AND first.version = 1 AND feed.version > 1
  WHERE feed.position > ${after}
  ORDER BY feed.position LIMIT $2`;
export const reads = {
  all: {
    name: 'read',
    text: `SELECT ${columns} FROM events WHERE stream = $1 ORDER BY version`,
  },
  many: `SELECT stream, ${columns} FROM events WHERE stream = ANY($1) ORDER BY stream, version`,
  forward: {
    name: 'read-forward',
    text: `SELECT ${columns} FROM events WHERE stream = $1 AND version >= $2 ORDER BY version LIMIT $3`,
  },
  feed: {
    name: 'feed',
    text: `SELECT feed.position, stream, ${columns}
      FROM feed JOIN events USING (stream, version)
      WHERE feed.position > $1 ORDER BY feed.position LIMIT $2`,
  },
  first: {
    name: 'first',
    text: `SELECT stream, ${columns} FROM events WHERE stream = ANY($1) AND version = 1`,
  },
  subscription: {
    name: 'subscription',
    text: subscribed('coalesce((SELECT position FROM checkpoints WHERE name = $1), 0)'),
  },
  // The lease is checked in the statement that writes: a frozen instance cannot move a checkpoint. Without the lease there
  // is no row at all; with it and at the end of the feed, one without a position.
  advance: {
    name: 'advance',
    text: `WITH held AS (SELECT FROM leases WHERE name = $4 AND epoch = $5 FOR SHARE),
      moved AS (
        INSERT INTO checkpoints AS c (name, position, version) SELECT $1, $3::bigint, 1 FROM held
        ON CONFLICT (name) DO UPDATE SET position = excluded.position, version = c.version + 1
      )
      SELECT page.* FROM held LEFT JOIN (${subscribed('$3::bigint')}) AS page ON true
      ORDER BY page.position`,
  },
  end: { name: 'feed-end', text: 'SELECT position FROM feed_end WHERE only_row' },
  // The snapshot comes first, as a row without an id.
  on: {
    name: 'read-on',
    text: `WITH kept AS (SELECT version, state FROM snapshots WHERE stream = $1 AND format = $2)
      SELECT NULL AS id, version, NULL AS type, state AS data, NULL AS metadata, 0::float8 AS ms FROM kept
      UNION ALL
      SELECT ${columns} FROM events
      WHERE stream = $1 AND version >= coalesce((SELECT version FROM kept), 1)
      ORDER BY version, id NULLS FIRST`,
  },
  backward: {
    name: 'read-backward',
    text: `SELECT ${columns} FROM events WHERE stream = $1 AND version <= $2 ORDER BY version DESC LIMIT $3`,
  },
};
