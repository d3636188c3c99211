import { z } from 'zod';
import type { SpanKind } from './span.ts';
import type { SpanStore } from './span-store.ts';

export const Edge = z.object({
  /** The calling or sending app; null for a caller without a span. */
  from: z.string().nullable(),
  to: z.string(),
  via: z.enum(['http', 'topic']),
  topic: z.string().nullable(),
  calls: z.int(),
  errors: z.int(),
  p50Ms: z.number(),
  p95Ms: z.number(),
});
export type Edge = z.infer<typeof Edge>;

interface Row {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id: string | null;
  readonly app: string;
  readonly kind: SpanKind;
  readonly duration_us: number;
  readonly error: number;
  readonly peer: string | null;
  readonly topic: string | null;
  readonly link_trace: string | null;
  readonly link_span: string | null;
}
type Call = Pick<Edge, 'from' | 'to' | 'via' | 'topic'> & { durationUs: number; isError: boolean };

// A consumer that starts a trace of its own links to the span that sent the message.
const linked = (field: string) =>
  `CASE WHEN kind = 'consumer' AND parent_id IS NULL THEN json_extract(rest, '$.links[0].${field}') END`;
const COLUMNS = `trace_id, span_id, parent_id, app, kind, duration_us, error, peer, topic,
  ${linked('traceId')} AS link_trace, ${linked('spanId')} AS link_span`;

/**
 * Returns which app called or messaged which, by the spans that started in a period. The duration of an HTTP call is the
 * one that its client measured, that of a message the one of its handler.
 */
export function listEdges(
  { database }: SpanStore,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Edge[] {
  const sql = `SELECT ${COLUMNS} FROM spans WHERE start_us BETWEEN ? AND ? AND kind <> 'internal'`;
  const rows = database.prepare(sql).all(fromMs * 1_000, toMs * 1_000) as unknown as Row[];
  const find = database.prepare(`SELECT ${COLUMNS} FROM spans WHERE trace_id = ? AND span_id = ?`);
  const parentOf = ({ trace_id, parent_id, link_trace, link_span }: Row) =>
    find.get(link_trace ?? trace_id, link_span ?? parent_id) as unknown as Row | undefined;

  const servers = new Map<string, Row>();
  const calls: Call[] = [];
  for (const row of rows) {
    if (row.kind === 'consumer') calls.push(message(row, parentOf(row)));
    if (row.kind !== 'server') continue;
    const parent = parentOf(row);
    if (parent?.kind === 'client') servers.set(parent.trace_id + parent.span_id, row);
    else calls.push(call(parent?.app ?? null, row.app, [row]));
  }
  for (const row of rows.filter(({ kind }) => kind === 'client')) {
    const server = servers.get(row.trace_id + row.span_id);
    const to = server?.app ?? row.peer;
    if (to) calls.push(call(row.app, to, server ? [row, server] : [row]));
  }
  const key = ({ from, to, via, topic }: Call) => JSON.stringify([from, to, via, topic]);
  return [...Map.groupBy(calls, key).values()].map(edgeOf);
}

function call(from: string | null, to: string, rows: readonly Row[]): Call {
  const isError = rows.some(({ error }) => error === 1);
  return { from, to, via: 'http', topic: null, durationUs: rows[0]!.duration_us, isError };
}

function message(row: Row, sender: Row | undefined): Call {
  const { app: to, topic, duration_us: durationUs, error } = row;
  return { from: sender?.app ?? null, to, via: 'topic', topic, durationUs, isError: error === 1 };
}

function edgeOf(calls: readonly Call[]): Edge {
  const { from, to, via, topic } = calls[0]!;
  const sorted = calls.map(({ durationUs }) => durationUs).toSorted((a, b) => a - b);
  const percentile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]! / 1_000;
  const errors = calls.filter(({ isError }) => isError).length;
  return {
    ...{ from, to, via, topic, calls: calls.length, errors },
    p50Ms: percentile(0.5),
    p95Ms: percentile(0.95),
  };
}
