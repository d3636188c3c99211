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
import { CachedReads } from '../cache/cached-reads.ts';
import { GatewayConfig } from '../gateway.config.ts';
import { allowOrigins } from './cors.ts';
import { addressOf, limitAddresses, limitRequests } from './rate-limits.ts';

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
    private readonly reads: CachedReads,
    private readonly config: GatewayConfig,
    private readonly http: HttpConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    const { tokens, reads, config, http, log } = this;
    const fastify = this.host.httpAdapter.getInstance();
    const services = [...new Set(routes.map(({ to }) => to))];
    // Its port is shared: it receives requests as soon as it listens, and must know the services by then.
    await Promise.all(services.map((each) => this.registry.waitFor(each, REGISTRY_WAIT_MS)));

    await allowOrigins(fastify, config.CORS_ORIGINS); // first: a page can read any response, also a 429
    limitAddresses(fastify, config);
    const operatorsOnly = requireToken(tokens, log, 'operations');
    fastify.addHook('onRequest', (request, reply, done) => {
      const { url: path = '' } = request.routeOptions;
      if (!forOperators.has(path) || (path === '/metrics' && isInternal(request, http))) done();
      else operatorsOnly(request, reply, done);
    });

    const surface: FastifyPluginAsync = async (scope) => {
      scope.removeAllContentTypeParsers();
      const rawBody = { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX } as const;
      scope.addContentTypeParser('*', rawBody, (_request, body, done) => done(null, body));
      const limitCaller = limitRequests({
        policy: 'caller',
        perMinute: () => config.RATE_LIMIT_PER_MINUTE,
        keyOf: callerOrAddress,
        isAnnounced: true,
      });
      const limitSignIn = () =>
        limitRequests({
          policy: 'signIn',
          perMinute: () => config.SIGN_IN_LIMIT_PER_MINUTE,
          keyOf: addressOf,
          isAnnounced: true,
        });
      for (const route of routes) {
        const mayContinue = route.more.limit ? limitSignIn() : limitCaller;
        scope.route({
          method: route.method,
          url: route.path,
          ...(route.who === 'signedIn' && { onRequest: requireToken(tokens, log) }),
          // The caller is known, and the body was not yet waited for.
          preParsing: (request, reply, payload, done) => {
            if (mayContinue(request, reply)) done(null, payload);
          },
          handler: reads.handlerOf(route),
        });
      }
      scope.setErrorHandler((error: FastifyError, request, reply) => {
        const { statusCode: status = 500 } = error;
        const isClientError = status >= 400 && status < 500;
        if (status === 413) drainBody(request, reply);
        if (isClientError) {
          const body = JSON.stringify(toRequestProblem(error));
          return reply.status(status).type(PROBLEM_JSON).send(body);
        }
        log.error({ err: error }, 'A request could not be forwarded');
        return sendProblem(reply, status, 'internalError', 'An internal error occurred.');
      });
    };
    await fastify.register(surface);
  }
}

const callerOrAddress = (request: FastifyRequest) => callerOf(request)?.id ?? addressOf(request);

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
