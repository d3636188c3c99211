import { PROBLEM_JSON, type Problem, problem } from '@fieldguide/problems';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../gateway.config.ts';
import { FixedWindows } from './fixed-windows.ts';

const WINDOW_MS = 60_000;
const ADDRESSES_MAX = 5_000;

/** The problem of too many requests. */
export function tooManyRequests(waitMs: number): Problem {
  const detail = `Try again in ${Math.ceil(waitMs / 1_000)} s.`;
  return problem(429, 'tooManyRequests', 'Too many requests.', { detail });
}

/** The address of the client; the connection of one that has left has none. */
export const addressOf = (request: FastifyRequest): string => request.ip ?? 'closed';

/**
 * Limits each address before anything else is done for it, so that rejected requests, unknown paths and static files are limited
 * too. Many callers may share an address: the limit is above that of one caller. Health checks are free.
 */
export function limitAddresses(fastify: FastifyInstance, config: GatewayConfig): void {
  const windows = new FixedWindows(WINDOW_MS, ADDRESSES_MAX);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.url?.startsWith('/health/')) return done();
    const { count, remainingMs } = windows.count(addressOf(request));
    if (count <= config.ADDRESS_LIMIT_PER_MINUTE) return done();
    reply
      .status(429)
      .header('retry-after', Math.ceil(remainingMs / 1_000))
      .type(PROBLEM_JSON)
      .send(JSON.stringify(tooManyRequests(remainingMs)));
  });
}
