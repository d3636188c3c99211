import rateLimit from '@fastify/rate-limit';
import { TokenVerifier } from '@fieldguide/auth';
import { PROBLEM_JSON, problem } from '@fieldguide/problems';
import type { PartsOf } from '@fieldguide/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyPluginAsync } from 'fastify';
import { callerOf, refuse, signedIn } from '../caller/caller.ts';
import type { GatewayConfig } from '../gateway.config.ts';
import { routes } from '../routes.ts';
import { Forwarder } from './forwarder.ts';

// What every service has for its operators: not for the whole world, which the gateway's port is open to.
const forOperators = new Set(['/metrics', '/info']);

const FIRST_LOOK_MS = 2_000;

/** Puts the route table on the bare Fastify server, below Nest's router: bodies are streamed and never parsed. */
export async function openRoutes(
  app: NestFastifyApplication,
  parts: PartsOf<GatewayConfig>,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const tokens = app.get(TokenVerifier);
  const { values: config } = parts.config;
  const forwarder = new Forwarder(parts, config.FORWARD_TIME_LIMIT_MS);
  const services = [...new Set(routes.map(({ to }) => to))];
  // Its port is shared: from the moment it listens it gets requests, and must know where to send them.
  await Promise.all(services.map((each) => parts.registry.known(each, FIRST_LOOK_MS)));

  const operatorsOnly = signedIn(tokens, parts.log, 'operations');
  fastify.addHook('onRequest', async (request, reply) => {
    if (forOperators.has(request.routeOptions.url ?? '')) await operatorsOnly(request, reply);
  });

  const surface: FastifyPluginAsync = async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    await scope.register(rateLimit, {
      hook: 'preHandler',
      keyGenerator: (request) => callerOf(request)?.id ?? request.ip,
      max: () => config.RATE_LIMIT_PER_MINUTE,
      timeWindow: 60_000,
      errorResponseBuilder: (_request, { ttl }) => {
        const wait = `Try again in ${Math.ceil(ttl / 1_000)} s.`;
        return {
          statusCode: 429,
          ...problem(429, 'tooManyRequests', 'Too many requests.', { detail: wait }),
        };
      },
    });
    for (const { method, path, to, who, more } of routes) {
      scope.route({
        method,
        url: path,
        ...(who === 'signedIn' && { onRequest: signedIn(tokens, parts.log) }),
        ...(more.limit && {
          config: { rateLimit: { max: () => config.SIGN_IN_LIMIT_PER_MINUTE, timeWindow: 60_000 } },
        }),
        handler: (request, reply) => forwarder.forward(to, request, reply),
      });
    }
    scope.setErrorHandler((error: { statusCode?: number; type?: string }, _request, reply) => {
      if (error.statusCode === 429)
        return reply.status(429).type(PROBLEM_JSON).send(JSON.stringify(error));
      parts.log.error({ err: error }, 'A request could not be forwarded');
      return refuse(
        reply,
        error.statusCode ?? 500,
        'unexpected',
        'Something went wrong on our side.',
      );
    });
  };
  await fastify.register(surface);
}
