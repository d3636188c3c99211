import rateLimit from '@fastify/rate-limit';
import { PROBLEM_JSON, type Problem, problem } from '@fieldguide/problems';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../gateway.config.ts';

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
export async function limitAddresses(
  fastify: FastifyInstance,
  config: GatewayConfig,
): Promise<void> {
  let count: ReturnType<FastifyInstance['createRateLimit']> | undefined;
  // In a scope of its own: the plugin would act on the routes of this one too.
  const own: FastifyPluginAsync = async (scope) => {
    await scope.register(rateLimit, { global: false });
    const max = () => config.ADDRESS_LIMIT_PER_MINUTE;
    count = scope.createRateLimit({ max, timeWindow: 60_000, keyGenerator: addressOf });
  };
  await fastify.register(own);
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url?.startsWith('/health/')) return;
    const seen = await count!(request);
    if (seen.isAllowed || !seen.isExceeded) return;
    await reply
      .status(429)
      .header('retry-after', seen.ttlInSeconds)
      .type(PROBLEM_JSON)
      .send(JSON.stringify(tooManyRequests(seen.ttl)));
  });
}
