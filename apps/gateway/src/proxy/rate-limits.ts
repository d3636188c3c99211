import { PROBLEM_JSON, type Problem, problem } from '@fieldguide/problems';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../gateway.config.ts';
import { FixedWindows } from './fixed-windows.ts';

const WINDOW_MS = 60_000;
const KEYS_MAX = 5_000;

interface RateLimit {
  /** The name of the policy in the header fields. */
  readonly policy: 'caller' | 'signIn' | 'address';
  readonly perMinute: () => number;
  readonly keyOf: (request: FastifyRequest) => string;
  readonly isAnnounced: boolean;
}

/** The problem of too many requests. */
function tooManyRequests(waitMs: number): Problem {
  const detail = `Try again in ${Math.ceil(waitMs / 1_000)} s.`;
  return problem(429, 'tooManyRequests', 'Too many requests.', { detail });
}

/** The address of the client; the connection of one that has left has none. */
export const addressOf = (request: FastifyRequest): string => request.ip ?? 'closed';

/**
/**
 * Returns a function that counts a request by its key, announces the limit, and answers 429 above it. The fields are those of
 * draft-ietf-httpapi-ratelimit-headers-10. Each process counts its own.
 * @returns whether the request may continue
 */
export function limitRequests({ policy, perMinute, keyOf, isAnnounced }: RateLimit) {
  const windows = new FixedWindows(WINDOW_MS, KEYS_MAX);
  return (request: FastifyRequest, reply: FastifyReply): boolean => {
    const { count, remainingMs } = windows.count(keyOf(request));
    const max = perMinute();
    const seconds = Math.ceil(remainingMs / 1_000);
    const isExceeded = count > max;
    if (isExceeded || isAnnounced) {
      reply.header('ratelimit-policy', `"${policy}";q=${max};w=${WINDOW_MS / 1_000}`);
      reply.header('ratelimit', `"${policy}";r=${Math.max(0, max - count)};t=${seconds}`);
    }
    if (!isExceeded) return true;
    reply
      .status(429)
      .header('retry-after', seconds)
      .type(PROBLEM_JSON)
      .send(JSON.stringify(tooManyRequests(remainingMs)));
    return false;
  };
}

/**
 * Limits each address before anything else is done for it, so that rejected requests, unknown paths and static files are limited
 * too. Many callers may share an address: the limit is above that of one caller. Health checks are free.
 */
export function limitAddresses(fastify: FastifyInstance, config: GatewayConfig): void {
  const mayContinue = limitRequests({
    policy: 'address',
    perMinute: () => config.ADDRESS_LIMIT_PER_MINUTE,
    keyOf: addressOf,
    isAnnounced: false,
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const isFree = request.routeOptions.url?.startsWith('/health/');
    if (isFree || mayContinue(request, reply)) done();
  });
}
