import type { Trace, TraceSummary } from '@fieldguide/platform-traces/trace-queries';
import type { Command } from 'commander';
import { tracesTable, traceTree } from '../screen/trace-tables.ts';
import { type CommonOptions, command, platformOf, print } from './command.ts';

interface TraceOptions extends CommonOptions {
  readonly app?: string;
  readonly order?: string;
  readonly minDurationMs?: string;
  readonly error?: true;
  readonly limit?: string;
}

/** Adds the command that shows traces. */
export function addTraceCommands(program: Command): void {
  command(
    program,
    'traces',
    'Show traces of the last 15 minutes, or one trace as a tree',
    'traces --error',
    'traces --order 0192f0c4-8a1e-7041-9d6d-27aee0d231f9',
  )
    .argument('[id]', 'Id of a trace')
    .option('--app <app>', 'Traces with a span of this app')
    .option('--order <id>', 'Traces with this id in an attribute')
    .option('--min-duration-ms <number>', 'Traces that took at least this time')
    .option('--error', 'Traces with an error')
    .option('--limit <number>', 'Maximum number of traces, from 1 to 100', '20')
    .action(async (id: string | undefined, options: TraceOptions) => {
      const platform = platformOf(options);
      if (id !== undefined) {
        const trace = await platform.call<Trace>('GET', `/traces/${encodeURIComponent(id)}`);
        return print(options, trace, traceTree(trace));
      }
      const { app, order, minDurationMs, error, limit } = options;
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries({ app, order, minDurationMs, error, limit }))
        if (value !== undefined) query.set(name, String(value));
      const traces = await platform.call<TraceSummary[]>('GET', `/traces?${query}`);
      print(options, traces, tracesTable(traces));
    });
}
