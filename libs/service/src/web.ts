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
import { context, SpanKind, trace } from '@opentelemetry/api';
import { consumers, type Parts } from './parts.ts';
import { ServiceModule } from './service.module.ts';

const BODY_BYTES_MAX = 64 * 1024;
// Longer than any client keeps an idle connection, so that none sends on one that is just being closed.
const KEEP_ALIVE_MS = 65_000;
/** The same for an app with a public port: its clients are told, and leave in time when it drains. */
export const PUBLIC_KEEP_ALIVE_MS = 5_000;

/** The Nest application of a service on Fastify: strict input, problems, tokens, traces. Not yet listening. */
export async function openWeb(
  parts: Parts,
  config: ConfigClass,
  module: Type,
  keys: KeySource,
): Promise<NestFastifyApplication> {
  const { ENVIRONMENT, PUBLIC_PORT } = parts.config.values as {
    ENVIRONMENT: string;
    PUBLIC_PORT?: number;
  };
  const tokens = new TokenVerifier(`fieldguide/${ENVIRONMENT}`, keys, parts.ended, parts.clock);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: PUBLIC_PORT ? PUBLIC_KEEP_ALIVE_MS : KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // what still comes in while it drains is answered
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.of(parts, config, module, tokens),
    adapter,
    { logger: new NestLog(parts.log), abortOnError: false },
  );
  app.useGlobalPipes(new RequestPipe());
  takeEmptyBodies(adapter);
  observe(adapter);
  letGoWhileDraining(adapter, parts);
  return app;
}

/** Handles messages of the port with the application's `@On` handlers; the transport connects in the background. */
export async function openWorker(app: NestFastifyApplication, parts: Parts): Promise<void> {
  const { name, messaging, units, clock, log } = parts;
  if (!messaging || !units) return;
  const strategy = new MessagingStrategy(name, messaging, units, clock, log);
  app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  if (strategy.consumer) consumers.set(parts, strategy.consumer);
}

/** A POST without a body needs no media type, however its end is told; any other body of an unknown type is refused. */
function takeEmptyBodies(adapter: FastifyAdapter): void {
  const unknown = new UnsupportedMediaTypeException('Send application/json.');
  adapter
    .getInstance()
    .addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
      done(body.length > 0 ? unknown : null, undefined),
    );
}

/** Whoever holds a connection to an instance that is about to end is asked to open another, which leads elsewhere. */
function letGoWhileDraining(adapter: FastifyAdapter, { health }: Parts): void {
  adapter.getInstance().addHook('onRequest', (_request, reply, done) => {
    if (health.isDraining) reply.header('connection', 'close');
    done();
  });
}

/** A server span and a measurement for every request; the span ends with the answer. */
function observe(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  const spans = new WeakMap<object, ReturnType<ReturnType<typeof trace.getTracer>['startSpan']>>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const parent = traceFrom(request.headers);
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
