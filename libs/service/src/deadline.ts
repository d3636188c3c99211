import type { Clock } from '@fieldguide/clock';
import { PROBLEM_JSON, problem } from '@fieldguide/problems';
import { DEADLINE_HEADER, withDeadline } from '@fieldguide/resilience';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/**
 * Ends work that has no reader before it starts: a request whose deadline has passed gets 504, and one whose caller has
 * left gets nothing. Calls that the work makes to other services end by the same deadline.
 */
export function dropLateRequests(adapter: FastifyAdapter, clock: Clock): void {
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const deadlineMs = deadlineOf(request);
    if (deadlineMs === undefined) done();
    else withDeadline(deadlineMs, done);
  });
  // After the body has arrived.
  fastify.addHook('preHandler', (request, reply, done) => {
    const isLate = (deadlineOf(request) ?? Number.POSITIVE_INFINITY) <= clock.now().getTime();
    if (reply.raw.destroyed) reply.hijack();
    else if (!isLate) done();
    else {
      const body = problem(504, 'deadlineExceeded', 'The caller does not wait any longer.');
      reply.status(504).type(PROBLEM_JSON).send(JSON.stringify(body));
    }
  });
}

function deadlineOf({ headers }: FastifyRequest): number | undefined {
  const deadlineMs = Number(headers[DEADLINE_HEADER] ?? Number.NaN);
  return Number.isFinite(deadlineMs) ? deadlineMs : undefined;
}
