import type { KeySource } from '@fieldguide/auth';
import { TokenVerifier } from '@fieldguide/auth';
import type { ConfigClass } from '@fieldguide/config';
import { MessagingStrategy } from '@fieldguide/messaging';
import { RequestPipe } from '@fieldguide/problems';
import { metrics, NestLog, traceFrom } from '@fieldguide/telemetry';
import { type Type, UnsupportedMediaTypeException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { serverOptions, watchRequests } from './http-server.ts';
import { rejectOtherMethods } from './other-methods.ts';
import { consumers, type Parts } from './parts.ts';
import { setResponseHeaders } from './response-headers.ts';
import { ServiceModule } from './service.module.ts';
import type { ServiceSettings } from './settings.ts';

// Longer than any client keeps an idle connection, so that none sends on one that is just being closed.
const KEEP_ALIVE_MS = 65_000;
/** The same for an app with a public port: its clients are told, and leave in time when it drains. */
export const PUBLIC_KEEP_ALIVE_MS = 5_000;

// Longer than any answer takes; a client that neither sends nor reads does not hold its connection for ever.
const SILENT_MS = 60_000;

/** What of a definition its HTTP side is made of. */
export interface WebDefinition {
  readonly config: ConfigClass;
  readonly module: Type;
  readonly isEdge?: boolean;
}

/** The Nest application of a service on Fastify: strict input, problems, tokens, traces. Not yet listening. */
export async function openWeb(
  parts: Parts,
  { config, module, isEdge = false }: WebDefinition,
  keys: KeySource,
): Promise<NestFastifyApplication> {
  const settings = parts.config.values as Partial<ServiceSettings>;
  const { ENVIRONMENT, PUBLIC_PORT, REQUEST_TIME_LIMIT_MS = 10_000 } = settings;
  const tokens = new TokenVerifier(
    `fieldguide/${ENVIRONMENT}`,
    keys,
    parts.revokedSessions,
    parts.clock,
  );
  const adapter = new FastifyAdapter({
    ...serverOptions(REQUEST_TIME_LIMIT_MS),
    connectionTimeout: SILENT_MS,
    keepAliveTimeout: PUBLIC_PORT ? PUBLIC_KEEP_ALIVE_MS : KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // what still comes in while it drains is answered
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.of(parts, config, module, tokens),
    adapter,
    { logger: new NestLog(parts.log), abortOnError: false, bodyParser: false },
  );
  app.useGlobalPipes(new RequestPipe());
  takeJsonOnly(adapter);
  observe(adapter, isEdge);
  setResponseHeaders(adapter);
  watchRequests(adapter);
  rejectOtherMethods(adapter);
  closeConnectionsWhileDraining(adapter, parts);
  return app;
}

/**
 * Subscribes the application's `@OnMessage` handlers: broadcasts in every process, shared messages in workers that have a
 * database. The transport connects in the background.
 */
export async function openMessaging(app: NestFastifyApplication, parts: Parts): Promise<void> {
  const { name, messaging, units, clock, log, config } = parts;
  if (!messaging) return;
  const { PROCESSES } = config.values as ServiceSettings;
  const shared = PROCESSES.has('worker') ? units : undefined;
  const strategy = new MessagingStrategy(name, messaging, shared, clock, log);
  app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  if (strategy.consumer) consumers.set(parts, strategy.consumer);
}

/**
 * Fastify's own JSON parser is the only one; Nest's for forms is not registered. A POST without a body needs no media
 * type, however its end is announced.
 */
function takeJsonOnly(adapter: FastifyAdapter): void {
  const unknown = new UnsupportedMediaTypeException('Send application/json.');
  const fastify = adapter.getInstance();
  fastify.removeContentTypeParser('text/plain');
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(body.length > 0 ? unknown : null, undefined),
  );
}

/** Whoever holds a connection to an instance that is about to end is asked to open another, which leads elsewhere. */
function closeConnectionsWhileDraining(adapter: FastifyAdapter, { health }: Parts): void {
  adapter.getInstance().addHook('onRequest', (_request, reply, done) => {
    if (health.isDraining) reply.header('connection', 'close');
    done();
  });
}

/** A server span and a measurement for every request; the span ends with the answer. At the edge a trace begins. */
function observe(adapter: FastifyAdapter, isEdge: boolean): void {
  const fastify = adapter.getInstance();
  const spans = new WeakMap<object, ReturnType<ReturnType<typeof trace.getTracer>['startSpan']>>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const parent = isEdge ? ROOT_CONTEXT : traceFrom(request.headers);
    const name = `${request.method} ${request.routeOptions.url ?? '*'}`;
    const span = trace.getTracer('fieldguide').startSpan(name, { kind: SpanKind.SERVER }, parent);
    spans.set(request, span);
    context.with(trace.setSpan(parent, span), done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    spans.get(request)?.end();
    const route = request.routeOptions.url ?? '*';
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    metrics.httpServerSeconds.observe(labels, reply.elapsedTime / 1_000);
    done();
  });
}
