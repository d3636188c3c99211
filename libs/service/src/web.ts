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

// Longer than any client keeps an idle connection, so that no client sends on a closing connection.
const KEEP_ALIVE_MS = 65_000;
/** The same for an app with a public port: responses send `connection: close`, so that they leave in time. */
export const PUBLIC_KEEP_ALIVE_MS = 5_000;

// Longer than any response takes: bounds connections of clients that neither send nor read.
const SILENT_MS = 60_000;

/** The parts of a definition that its HTTP server needs. */
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
  const { SYSTEM_NAME, ENVIRONMENT, PUBLIC_PORT, REQUEST_TIME_LIMIT_MS = 10_000 } = settings;
  const tokens = new TokenVerifier(
    `${SYSTEM_NAME}/${ENVIRONMENT}`,
    keys,
    parts.revokedSessions,
    parts.clock,
  );
  const adapter = new FastifyAdapter({
    ...serverOptions(REQUEST_TIME_LIMIT_MS),
    connectionTimeout: SILENT_MS,
    keepAliveTimeout: PUBLIC_PORT ? PUBLIC_KEEP_ALIVE_MS : KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // requests that arrive while it drains are served
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
 * Registers Fastify's own JSON parser only, not Nest's for forms. A POST without a body needs no media
 * type, with or without a content length.
 */
function takeJsonOnly(adapter: FastifyAdapter): void {
  const unknown = new UnsupportedMediaTypeException('Send application/json.');
  const fastify = adapter.getInstance();
  fastify.removeContentTypeParser('text/plain');
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(body.length > 0 ? unknown : null, undefined),
  );
}

/** Closes connections while the instance drains, so that clients reconnect to another instance. */
function closeConnectionsWhileDraining(adapter: FastifyAdapter, { health }: Parts): void {
  adapter.getInstance().addHook('onRequest', (_request, reply, done) => {
    if (health.isDraining) reply.header('connection', 'close');
    done();
  });
}

/** Records a server span and a duration for every request. At the edge a new trace starts. */
function observe(adapter: FastifyAdapter, isEdge: boolean): void {
  const fastify = adapter.getInstance();
  const spans = new WeakMap<object, ReturnType<ReturnType<typeof trace.getTracer>['startSpan']>>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const parent = isEdge ? ROOT_CONTEXT : traceFrom(request.headers);
    const name = `${request.method} ${request.routeOptions.url ?? '*'}`;
    const span = trace.getTracer('service').startSpan(name, { kind: SpanKind.SERVER }, parent);
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
