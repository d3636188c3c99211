import rateLimit from '@fastify/rate-limit';
import { TokenVerifier } from '@fieldguide/auth';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { ServiceRegistry } from '@fieldguide/discovery';
import { PROBLEM_JSON, toRequestProblem } from '@fieldguide/problems';
import { BODY_BYTES_MAX, HttpConfig } from '@fieldguide/service';
import { LOG, type Log } from '@fieldguide/telemetry';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, requireToken, sendProblem } from '../auth/caller.ts';
import { GatewayConfig } from '../gateway.config.ts';
import { Forwarder } from './forwarder.ts';
import { addressOf, limitAddresses, tooManyRequests } from './rate-limits.ts';

// Endpoints for operators that every service has.
const forOperators = new Set(['/metrics', '/info']);

const REGISTRY_WAIT_MS = 2_000;
const DRAIN_MS = 5_000;

/**
 * Puts the route table on the bare Fastify server, below Nest's router. A body is received before anything is forwarded
 * (docs/adr/0025), and never parsed; answers are streamed.
 */
@Injectable()
export class ProxyRoutes implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly tokens: TokenVerifier,
    private readonly registry: ServiceRegistry,
    private readonly forwarder: Forwarder,
    private readonly config: GatewayConfig,
    private readonly http: HttpConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    const { tokens, forwarder, config, http, log } = this;
    const fastify = this.host.httpAdapter.getInstance();
    const services = [...new Set(routes.map(({ to }) => to))];
    // Its port is shared: it receives requests as soon as it listens, and must know the services by then.
    await Promise.all(services.map((each) => this.registry.waitFor(each, REGISTRY_WAIT_MS)));

    await limitAddresses(fastify, config);
    const operatorsOnly = requireToken(tokens, log, 'operations');
    fastify.addHook('onRequest', async (request, reply) => {
      const { url: path = '' } = request.routeOptions;
      if (!forOperators.has(path) || (path === '/metrics' && isInternal(request, http))) return;
      await operatorsOnly(request, reply);
    });

    const surface: FastifyPluginAsync = async (scope) => {
      scope.removeAllContentTypeParsers();
      const rawBody = { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX } as const;
      scope.addContentTypeParser('*', rawBody, (_request, body, done) => done(null, body));
      await scope.register(rateLimit, {
        hook: 'preParsing', // the caller is known, and the body was not yet waited for
        keyGenerator: (request) => callerOf(request)?.id ?? addressOf(request),
        max: () => config.RATE_LIMIT_PER_MINUTE,
        timeWindow: 60_000,
        errorResponseBuilder: (_request, { ttl }) => ({ statusCode: 429, ...tooManyRequests(ttl) }),
      });
      for (const { method, path, to, who, more } of routes) {
        scope.route({
          method,
          url: path,
          ...(who === 'signedIn' && { onRequest: requireToken(tokens, log) }),
          ...(more.limit && {
            config: {
              rateLimit: { max: () => config.SIGN_IN_LIMIT_PER_MINUTE, timeWindow: 60_000 },
            },
          }),
          handler: (request, reply) => forwarder.forward(to, request, reply),
        });
      }
      scope.setErrorHandler((error: FastifyError, request, reply) => {
        const { statusCode: status = 500 } = error;
        const isClientError = status >= 400 && status < 500;
        if (status === 413) drainBody(request, reply);
        if (isClientError) {
          const body = status === 429 ? error : toRequestProblem(error);
          return reply.status(status).type(PROBLEM_JSON).send(JSON.stringify(body));
        }
        log.error({ err: error }, 'A request could not be forwarded');
        return sendProblem(reply, status, 'internalError', 'An internal error occurred.');
      });
    };
    await fastify.register(surface);
  }
}

/**
 * Beside a public port the instance's own port is reached from inside the network only, like the port of any service.
 * Without one its own port is the public one.
 */
function isInternal({ socket }: FastifyRequest, { PUBLIC_PORT }: HttpConfig): boolean {
  return PUBLIC_PORT !== undefined && socket.localPort !== PUBLIC_PORT;
}

/**
 * Drains the body that was rejected, for a while: closing now would reset the connection before the caller reads the
 * response.
 */
function drainBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection'); // Fastify closes the connection otherwise
  setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, DRAIN_MS).unref();
}
