import { Edge } from '@fieldguide/platform-traces/edges';
import type { Queries } from '@fieldguide/platform-traces/queries';
import { Trace, TraceFilter, TraceSummary } from '@fieldguide/platform-traces/trace-queries';
import { type Traces, TracesUnavailableError } from '@fieldguide/platform-traces/traces';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ApiProblem, Problem } from './problem.ts';

/** The traces of the last 15 minutes, for the console and the command line. */
export function traceRoutes(traces: Traces): FastifyPluginAsyncZod {
  const answers = <Answer extends z.ZodType>(answer: Answer) => ({
    200: answer,
    '4xx': Problem,
    503: Problem,
  });
  return async (api) => {
    api.get(
      '/traces',
      {
        schema: {
          summary: 'The newest traces that meet every condition',
          querystring: TraceFilter,
          response: answers(z.array(TraceSummary)),
        },
      },
      ({ query }, reply) => sendQuery(reply, traces, 'list', query),
    );
    api.get(
      '/traces/edges',
      {
        schema: {
          summary: 'Which app called or messaged which in the last minute, or seconds',
          querystring: z.object({ seconds: z.coerce.number().int().min(5).max(900).default(60) }),
          response: answers(z.array(Edge)),
        },
      },
      ({ query: { seconds } }, reply) => sendQuery(reply, traces, 'edges', seconds),
    );
    api.get(
      '/traces/:traceId',
      {
        schema: {
          summary: 'One trace as a tree',
          params: z.object({ traceId: z.string().regex(/^[0-9a-f]{32}$/) }),
          response: answers(Trace),
        },
      },
      ({ params: { traceId } }, reply) => sendQuery(reply, traces, 'find', traceId),
    );
  };
}

/**
 * Sends the result of a query as the thread has written it: parsing a trace of 2,000 spans to serialise it again would
 * block the platform.
 */
export async function sendQuery<Name extends keyof Queries>(
  reply: FastifyReply,
  traces: Traces,
  name: Name,
  ...values: Parameters<Queries[Name]>
): Promise<never> {
  const json = await traces.query(name, ...values).catch((error) => {
    if (!(error instanceof TracesUnavailableError)) throw error;
    throw new ApiProblem(
      503,
      'tracesUnavailable',
      error.message,
      'read docs/how-to/look-at-a-trace.md',
    );
  });
  if (json === undefined)
    throw new ApiProblem(404, 'unknown', 'There is no such trace.', 'fieldguide traces');
  return reply.header('cache-control', 'no-store').type('application/json').send(json) as never;
}
