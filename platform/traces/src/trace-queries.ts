import type { SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import type { Span } from './span.ts';
import type { SpanStore } from './span-store.ts';

const AttributeMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const TraceSummary = z.object({
  traceId: z.string(),
  /** Of the root span, else of the earliest one. */
  name: z.string(),
  app: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  spans: z.int(),
  errors: z.int(),
  apps: z.array(z.string()),
});
export type TraceSummary = z.infer<typeof TraceSummary>;

export const TraceSpan = z.object({
  spanId: z.string(),
  parentId: z.string().nullable(),
  /** 0 for a root, and for a span whose parent is missing. */
  depth: z.int(),
  app: z.string(),
  instance: z.string().nullable(),
  kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']),
  name: z.string(),
  /** After the start of the trace. */
  startMs: z.number(),
  durationMs: z.number(),
  error: z.boolean(),
  statusMessage: z.string().nullable(),
  attributes: AttributeMap,
  events: z.array(z.object({ name: z.string(), atMs: z.number(), attributes: AttributeMap })),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
});
export type TraceSpan = z.infer<typeof TraceSpan>;

export const Trace = TraceSummary.extend({
  /** Spans whose parent is not stored; 0 means that the trace has no gap. */
  missingParents: z.int(),
  /** Depth first, children by start. */
  tree: z.array(TraceSpan),
});
export type Trace = z.infer<typeof Trace>;

export const TraceFilter = z.strictObject({
  app: z.string().max(250).optional(),
  /** An id that occurs in any attribute. */
  order: z
    .string()
    .regex(/^[\w-]{8,64}$/)
    .optional(),
  minDurationMs: z.coerce.number().int().min(0).optional(),
  error: z.stringbool().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type TraceFilter = z.infer<typeof TraceFilter>;

/** Returns the newest traces that meet every condition. */
export function listTraces({ database }: SpanStore, filter: TraceFilter): TraceSummary[] {
  const { app, order, minDurationMs = 0, error, limit } = filter;
  const conditions: string[] = ['end_us - start_us >= ?'];
  const values: SQLInputValue[] = [minDurationMs * 1_000];
  const hasSpan = (condition: string, value: string) => {
    conditions.push(`EXISTS (SELECT 1 FROM spans WHERE trace_id = id AND ${condition})`);
    values.push(value);
  };
  if (app !== undefined) hasSpan('app = ?', app);
  if (order !== undefined) hasSpan('instr(rest, ?) > 0', order);
  if (error !== undefined) conditions.push(error ? 'errors > 0' : 'errors = 0');
  const sql = `SELECT id FROM traces WHERE ${conditions.join(' AND ')} ORDER BY start_us DESC LIMIT ?`;
  const ids = database.prepare(sql).all(...values, limit);
  return ids.map(({ id }) => summaryOf(spansOf({ database }, id as string)));
}

/** Returns a trace as a tree; undefined when it is not stored. */
export function findTrace(store: SpanStore, traceId: string): Trace | undefined {
  const spans = spansOf(store, traceId);
  if (spans.length === 0) return undefined;
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const isTop = ({ parentId }: Span) => parentId === null || !ids.has(parentId);
  const children = Map.groupBy(spans, ({ parentId }) => parentId);
  const startUs = spans[0]!.startUs;
  const tree: TraceSpan[] = [];
  // Without recursion: a chain of 10,000 spans is as deep as it is long.
  const open = spans.filter(isTop).map((span) => ({ span, depth: 0 }));
  open.reverse();
  for (let next = open.pop(); next; next = open.pop()) {
    const { span, depth } = next;
    tree.push(rowOf(span, depth, startUs));
    const own = children.get(span.spanId) ?? [];
    open.push(...own.map((child) => ({ span: child, depth: depth + 1 })).reverse());
  }
  const missingParents = spans.filter((span) => span.parentId !== null && isTop(span)).length;
  return { ...summaryOf(spans), missingParents, tree };
}

/** Returns the spans of a trace by their start. */
export function spansOf({ database }: Pick<SpanStore, 'database'>, traceId: string): Span[] {
  const statement = database.prepare('SELECT * FROM spans WHERE trace_id = ? ORDER BY start_us');
  return statement.all(traceId).map(spanOf);
}

function spanOf(row: Record<string, unknown>): Span {
  return {
    traceId: row['trace_id'],
    spanId: row['span_id'],
    parentId: row['parent_id'],
    app: row['app'],
    kind: row['kind'],
    name: row['name'],
    startUs: row['start_us'],
    durationUs: row['duration_us'],
    error: row['error'] === 1,
    ...JSON.parse(row['rest'] as string),
  } as Span;
}

function summaryOf(spans: readonly Span[]): TraceSummary {
  const first = spans[0]!;
  const root = spans.find(({ parentId }) => parentId === null) ?? first;
  const endUs = spans.reduce((end, each) => Math.max(end, each.startUs + each.durationUs), 0);
  return {
    traceId: first.traceId,
    name: root.name,
    app: root.app,
    startedAt: new Date(first.startUs / 1_000).toISOString(),
    durationMs: milliseconds(endUs - first.startUs),
    spans: spans.length,
    errors: spans.filter(({ error }) => error).length,
    apps: [...new Set(spans.map(({ app }) => app))].toSorted(),
  };
}

function rowOf(span: Span, depth: number, traceStartUs: number): TraceSpan {
  const { spanId, parentId, app, instance, kind, name, error, statusMessage, attributes } = span;
  return {
    ...{ spanId, parentId, depth, app, instance, kind, name },
    startMs: milliseconds(span.startUs - traceStartUs),
    durationMs: milliseconds(span.durationUs),
    ...{ error, statusMessage, attributes },
    events: span.events.map(({ name: event, timeUs, attributes: own }) => ({
      name: event,
      atMs: milliseconds(timeUs - traceStartUs),
      attributes: own,
    })),
    links: [...span.links],
  };
}

const milliseconds = (microseconds: number) => microseconds / 1_000;
