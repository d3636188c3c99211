import { endSpan, errorType, isRecorded, startSpan } from '@fieldguide/telemetry';

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database?: string | undefined;
}

/**
 * Records a span of a statement, inside a recorded trace only: a loop that polls creates none. The span has the
 * operation and the tables of the statement, and no value.
 */
export function observeQuery<Result>(
  text: string,
  { host, port, database }: Connection,
  result: Promise<Result>,
): void {
  if (!isRecorded()) return;
  const { operation, summary } = knownSummaryOf(text);
  const attributes = {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.summary': summary,
    ...(database && { 'db.namespace': database }),
    'server.address': host,
    'server.port': port,
  };
  const span = startSpan({ kind: 'client', name: summary, attributes });
  result.then(
    () => endSpan(span),
    (error: unknown) => endSpan(span, { type: errorType(error), error }),
  );
}

interface Summary {
  readonly operation: string;
  readonly summary: string;
}

/** By text: few, because no text is built from input. */
const summaries = new Map<string, Summary>();
const SUMMARIES_MAX = 500;

function knownSummaryOf(text: string): Summary {
  const known = summaries.get(text) ?? summaryOf(text);
  if (summaries.size < SUMMARIES_MAX) summaries.set(text, known);
  return known;
}

const TABLES_MAX = 4;
const target =
  /(?<!FOR )\b(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN)\s+(?!SET\b|ROWS FROM\b)"?(\w+)"?(\s*\()?/gi;
const subquery = /(\w+)(?:\s*\([^)]*\))?\s+AS\s+(?:MATERIALIZED\s+)?\(/gi;

/**
 * Derives `SELECT orders` or `INSERT outbox` from a statement: its first write, else its first word, and its tables in
 * their order.
 */
export function summaryOf(sql: string): Summary {
  const local = new Set([...sql.matchAll(subquery)].map(([, name]) => name));
  const isTable = (verb: string, name: string, bracket?: string) =>
    !local.has(name) && (!bracket || /^INSERT/i.test(verb)); // else a function
  const found = [...sql.matchAll(target)].filter(([, verb, name, bracket]) =>
    isTable(verb!, name!, bracket),
  );
  const write = found.find(([, verb]) => /^(INSERT|UPDATE|DELETE)/i.test(verb!));
  const isQuery = /^\s*(WITH|SELECT)\b/i.test(sql);
  const first = write?.[1] ?? (isQuery ? 'SELECT' : (/\w+/.exec(sql)?.[0] ?? 'QUERY'));
  const operation = first.split(' ', 1)[0]!.toUpperCase();
  const tables = [...new Set(found.map(([, , table]) => table!))].slice(0, TABLES_MAX);
  return { operation, summary: [operation, ...tables].join(' ') };
}
