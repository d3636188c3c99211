import type { SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import { listEdges } from './edges.ts';
import { peerOf, type Span, type SpanEvent } from './span.ts';
import { RETENTION_MS, type SpanStore } from './span-store.ts';
import { spansOf } from './trace-queries.ts';

const DAY_MS = 86_400_000;
const VALUES_MAX = 100;
const SPANS_FOR_AUTOCOMPLETE = 2_000;

const Milliseconds = z.coerce.number().int().min(0);
/** The query of Zipkin's `GET /api/v2/traces`; durations are in microseconds. */
export const ZipkinQuery = z.object({
  serviceName: z.string().optional(),
  spanName: z.string().optional(),
  remoteServiceName: z.string().optional(),
  annotationQuery: z.string().max(1_000).optional(),
  minDuration: z.coerce.number().int().min(1).optional(),
  maxDuration: z.coerce.number().int().min(1).optional(),
  endTs: Milliseconds.optional(),
  lookback: Milliseconds.default(DAY_MS),
  limit: z.coerce.number().int().min(1).max(250).default(10),
});
export type ZipkinQuery = z.infer<typeof ZipkinQuery>;
/** The query of `GET /api/v2/dependencies`. */
export const ZipkinPeriod = z.object({
  endTs: Milliseconds,
  lookback: Milliseconds.default(DAY_MS),
});
export type ZipkinPeriod = z.infer<typeof ZipkinPeriod>;

/** What Lens reads first: `GET /config.json`. */
export const lensConfig = {
  environment: '',
  queryLimit: 10,
  defaultLookback: RETENTION_MS,
  searchEnabled: true,
  dependency: { enabled: true, lowErrorRate: 0.5, highErrorRate: 0.75 },
};

/** Converts a span to Zipkin's model, as OpenTelemetry's specification maps it. Links become tags. */
export function zipkinSpanOf(span: Span) {
  const { traceId, spanId, parentId, app, instance, kind, name, attributes, links } = span;
  const remote = peerOf(span); // not a topic: Lens counts remote endpoints as services
  const exception = span.events.find((event) => event.name === 'exception')?.attributes;
  const error = span.statusMessage ?? exception?.['exception.message'] ?? 'true';
  const tags = {
    ...attributes,
    ...(instance && { 'service.instance.id': instance }),
    ...Object.fromEntries(links.map((link, i) => [`link.${i}`, `${link.traceId}/${link.spanId}`])),
    ...(span.error && { 'otel.status_code': 'ERROR', error }),
  };
  return {
    traceId,
    id: spanId,
    ...(parentId && { parentId }),
    ...(kind !== 'internal' && { kind: kind.toUpperCase() }),
    name,
    timestamp: span.startUs,
    duration: Math.max(1, span.durationUs), // 0 would mean unknown
    localEndpoint: { serviceName: app },
    ...(remote && { remoteEndpoint: { serviceName: remote } }),
    annotations: span.events.map(annotationOf),
    tags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)])),
  };
}

function annotationOf({ name, timeUs, attributes }: SpanEvent) {
  const hasMore = Object.keys(attributes).length > 0;
  return { timestamp: timeUs, value: hasMore ? `${name}: ${JSON.stringify(attributes)}` : name };
}

/** Answers `GET /api/v2/trace/{id}`; undefined when it is not stored. An id of 64 bits stands for one with leading zeros. */
export function zipkinTrace(store: SpanStore, traceId: string) {
  const spans = spansOf(store, traceId.toLowerCase().padStart(32, '0'));
  return spans.length > 0 ? spans.map(zipkinSpanOf) : undefined;
}

/** Answers `GET /api/v2/traceMany` with the traces that are stored. */
export function zipkinTraceMany(store: SpanStore, traceIds: readonly string[]) {
  return traceIds.map((id) => zipkinTrace(store, id)).filter((spans) => spans !== undefined);
}

/** Answers `GET /api/v2/traces`: the newest traces that meet every condition. */
export function zipkinTraces(store: SpanStore, query: ZipkinQuery, nowMs: number) {
  const { endTs = nowMs, lookback, limit } = query;
  const { conditions, values } = spanConditions(query);
  const sql = `SELECT id FROM traces WHERE start_us BETWEEN ? AND ?
    ${conditions.map((each) => `AND EXISTS (SELECT 1 FROM spans WHERE trace_id = id AND ${each})`).join(' ')}
    ORDER BY start_us DESC LIMIT ?`;
  const period = [(endTs - lookback) * 1_000, endTs * 1_000];
  const ids = store.database.prepare(sql).all(...period, ...values, limit);
  return zipkinTraceMany(
    store,
    ids.map(({ id }) => id as string),
  );
}

/** One condition on a span for names and durations, and one for each term of `annotationQuery`, on spans of the app. */
function spanConditions(query: ZipkinQuery) {
  const values: SQLInputValue[] = [];
  const all = (pairs: readonly (readonly [string, SQLInputValue | undefined])[]) => {
    const given = pairs.filter(([, value]) => value !== undefined);
    values.push(...given.flatMap(([sql, value]) => Array(sql.split('?').length - 1).fill(value)));
    return given.map(([sql]) => sql).join(' AND ');
  };
  const ofApp = ['app = ?', query.serviceName] as const;
  const span = all([
    ofApp,
    ['name = ?', query.spanName],
    ['peer = ?', query.remoteServiceName],
    ['duration_us >= ?', query.minDuration],
    ['duration_us <= ?', query.maxDuration],
  ]);
  const terms = (query.annotationQuery ?? '').split(' and ').filter((term) => term.trim() !== '');
  const annotations = terms.map((term) => {
    const [key = '', ...rest] = term.trim().split('=');
    const tag = `EXISTS (SELECT 1 FROM json_each(rest, '$.attributes') WHERE key = ?`;
    if (rest.length > 0)
      return all([ofApp, [`${tag}`, key], [`CAST(value AS TEXT) = ?)`, rest.join('=')]]);
    if (key === 'error') return all([ofApp, ['(error = 1 OR ? IS NULL)', key]]);
    const event = `EXISTS (SELECT 1 FROM json_each(rest, '$.events') WHERE value ->> 'name' = ?)`;
    return all([ofApp, [`(${tag}) OR ${event})`, key]]);
  });
  return { conditions: [span, ...annotations].filter((each) => each !== ''), values };
}

/** Answers `GET /api/v2/services`, and with an app `spans` and `remoteServices`. */
export const zipkinNames = {
  services: (store: SpanStore) => column(store, 'SELECT DISTINCT app AS it FROM spans'),
  spans: (store: SpanStore, app: string) =>
    column(store, 'SELECT DISTINCT name AS it FROM spans WHERE app = ?', app),
  remoteServices: (store: SpanStore, app: string) =>
    column(store, 'SELECT DISTINCT peer AS it FROM spans WHERE app = ? AND peer IS NOT NULL', app),
};

const RECENT = `(SELECT rest FROM spans ORDER BY start_us DESC LIMIT ${SPANS_FOR_AUTOCOMPLETE}) AS recent`;

/** Answers `GET /api/v2/autocompleteKeys` and `autocompleteValues`, from the most recent spans. */
export const zipkinAutocomplete = {
  keys: (store: SpanStore) =>
    column(
      store,
      `SELECT DISTINCT key AS it FROM ${RECENT}, json_each(recent.rest, '$.attributes')`,
    ),
  values: (store: SpanStore, key: string) =>
    column(
      store,
      `SELECT DISTINCT CAST(value AS TEXT) AS it FROM ${RECENT}, json_each(recent.rest, '$.attributes')
        WHERE key = ? LIMIT ${VALUES_MAX}`,
      key,
    ),
};

/** Answers `GET /api/v2/dependencies`: calls and messages between apps. */
export function zipkinDependencies(store: SpanStore, { endTs, lookback }: ZipkinPeriod) {
  const edges = listEdges(store, { fromMs: endTs - lookback, toMs: endTs });
  const between = edges.filter(({ from }) => from !== null);
  const groups = Map.groupBy(between, ({ from, to }) => JSON.stringify([from, to])).values();
  return [...groups].map((own) => ({
    parent: own[0]!.from,
    child: own[0]!.to,
    callCount: own.reduce((sum, { calls }) => sum + calls, 0),
    errorCount: own.reduce((sum, { errors }) => sum + errors, 0),
  }));
}

function column({ database }: SpanStore, sql: string, ...values: string[]): string[] {
  const rows = database.prepare(sql).all(...values);
  return rows.map(({ it }) => it as string).toSorted();
}
