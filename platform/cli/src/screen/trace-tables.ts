import { styleText } from 'node:util';
import type { Trace, TraceSpan, TraceSummary } from '@fieldguide/platform-traces/trace-queries';
import { printable } from './dead-letter-tables.ts';
import { number, table } from './tables.ts';

export function tracesTable(traces: readonly TraceSummary[]): string {
  if (traces.length === 0) return 'No traces.';
  const rows = traces.flatMap(({ traceId, startedAt, durationMs, spans, errors, ...root }) => [
    [
      traceId,
      new Date(startedAt).toLocaleTimeString('en-GB'),
      number(Math.round(durationMs), ' ms'),
      number(spans),
      number(errors),
    ],
    [styleText('dim', printable(`  ${root.app} ${root.name}; ${root.apps.join(', ')}`))],
  ]);
  return table(['TRACE', 'STARTED', 'DURATION', 'SPANS', 'ERRORS'], rows);
}

/** Shows one trace as a tree, with the time from its start to the start of each span. */
export function traceTree({ traceId, durationMs, spans, missingParents, tree }: Trace): string {
  const rows = tree.map((span) => [
    number(Math.round(span.startMs), ' ms'),
    number(Number(span.durationMs.toFixed(1)), ' ms'),
    '  '.repeat(span.depth) + spanText(span),
  ]);
  const gaps = missingParents > 0 ? `; the parents of ${missingParents} spans are missing` : '';
  const head = `Trace ${traceId}: ${spans} spans in ${Math.round(durationMs)} ms${gaps}`;
  return `${head}\n\n${table(['START', 'DURATION', 'SPAN'], rows)}`;
}

function spanText({ app, kind, name, error, statusMessage }: TraceSpan): string {
  const text = printable(`${app} ${kind === 'internal' ? '' : `${kind} `}${name}`);
  if (!error) return text;
  return styleText('red', `${text}: error${statusMessage ? `, ${printable(statusMessage)}` : ''}`);
}
