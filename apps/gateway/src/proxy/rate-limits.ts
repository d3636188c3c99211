import rateLimit from '@fastify/rate-limit';
import { PROBLEM_JSON, type Problem, problem } from '@fieldguide/problems';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../gateway.config.ts';

const WINDOW_MS = 60_000;

interface RateLimit {
  /** The name of the policy in the header fields. */
  readonly policy: 'caller' | 'signIn' | 'address';
  readonly perMinute: () => number;
  readonly keyOf: (request: FastifyRequest) => string;
  readonly isAnnounced: boolean;
}

/** The problem of too many requests. */
export function tooManyRequests(waitMs: number): Problem {
  const detail = `Try again in ${Math.ceil(waitMs / 1_000)} s.`;
  return problem(429, 'tooManyRequests', 'Too many requests.', { detail });
}

/** The address of the client; the connection of one that has left has none. */
export const addressOf = (request: FastifyRequest): string => request.ip ?? 'closed';

/**
 * Returns a hook that counts a request in this process, announces the limit, and returns 429 above it. The plugin only
 * counts: it knows no form of the header fields later than draft 7 (draft-ietf-httpapi-ratelimit-headers).
 */
export function limitRequests(scope: FastifyInstance, limit: RateLimit) {
  const { policy, perMinute, keyOf } = limit;
  const options = { max: perMinute, timeWindow: WINDOW_MS, keyGenerator: keyOf };
  const count = scope.createRateLimit(options);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const seen = await count(request);
    if (seen.isAllowed) return;
    const { isExceeded, max, remaining, ttl, ttlInSeconds } = seen;
    if (isExceeded || limit.isAnnounced) {
      reply.header('ratelimit-policy', `"${policy}";q=${max};w=${WINDOW_MS / 1_000}`);
      reply.header('ratelimit', `"${policy}";r=${remaining};t=${ttlInSeconds}`);
    }
    if (!isExceeded) return;
    await reply
      .status(429)
      .header('retry-after', ttlInSeconds)
      .type(PROBLEM_JSON)
      .send(JSON.stringify(tooManyRequests(ttl)));
  };
}

/**
 * Limits each address before anything else is done for it, so that rejected requests, unknown paths and static files are limited
 * too. Many callers may share an address: the limit is above that of one caller. Health checks are free.
 */
export async function limitAddresses(
  fastify: FastifyInstance,
  config: GatewayConfig,
): Promise<void> {
  let hook: ReturnType<typeof limitRequests> | undefined;
  // In a scope of its own: the plugin would act on the routes of this one too.
  const own: FastifyPluginAsync = async (scope) => {
    await scope.register(rateLimit, { global: false });
    const perMinute = () => config.ADDRESS_LIMIT_PER_MINUTE;
    const limit = { policy: 'address', perMinute, keyOf: addressOf, isAnnounced: false } as const;
    hook = limitRequests(scope, limit);
  };
  await fastify.register(own);
  fastify.addHook('onRequest', async (request, reply) => {
    if (!request.routeOptions.url?.startsWith('/health/')) await hook!(request, reply);
  });
}
