import { BlockList } from 'node:net';
import { Clock } from '@fieldguide/clock';
import { instancesOf, type Runtime, ServiceOptions } from '@fieldguide/config';
import { MessagingStrategy } from '@fieldguide/messaging/parts';
import { RequestPipe } from '@fieldguide/problems';
import { Health, LOG, type Log, NestLog } from '@fieldguide/telemetry';
import { type Type, UnsupportedMediaTypeException } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  type FastifyAdapter,
  type NestFastifyApplication,
  RouteConfig,
} from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { dropLateRequests } from './deadline.ts';
import { HttpConfig } from './http-config.ts';
import { limitConnections, watchRequests } from './http-server.ts';
import { observeRequests } from './observe-requests.ts';
import { rejectOtherMethods } from './other-methods.ts';
import { setResponseHeaders } from './response-headers.ts';
import { RootModule } from './root.module.ts';
import { adapterTrusting, trustProxies } from './trusted-proxies.ts';

/** Creates an application on Fastify from a service's module, without connecting anything. */
export async function createApplication(
  module: Type,
  runtime: Runtime,
): Promise<NestFastifyApplication> {
  const root = RootModule.of(module, runtime);
  const options = { logger: false, abortOnError: false, bodyParser: false } as const;
  const proxies = new BlockList();
  const adapter = adapterTrusting(proxies);
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, options);
  return configure(app, proxies);
}

/** What every HTTP server and consumer has: strict input, problem details, traces, metrics, log. */
export function configure(
  app: NestFastifyApplication,
  proxies = new BlockList(),
): NestFastifyApplication {
  const adapter = app.getHttpAdapter() as unknown as FastifyAdapter;
  const log = app.get<Log>(LOG);
  app.useLogger(new NestLog(log));
  app.useGlobalPipes(new RequestPipe());
  const http = app.get(HttpConfig);
  limitConnections(app.getHttpServer(), http);
  takeJsonOnly(adapter);
  const { isEdge } = app.get(ServiceOptions);
  trustProxies(proxies, http.TRUSTED_PROXIES, isEdge);
  observeRequests(adapter, isEdge, log);
  setResponseHeaders(adapter);
  watchRequests(adapter);
  if (!isEdge) dropLateRequests(adapter, app.get(Clock)); // external callers set no deadline
  rejectOtherMethods(adapter);
  closeConnectionsWhileDraining(adapter, app.get(Health));
  for (const strategy of instancesOf(app.get(ModulesContainer), MessagingStrategy))
    app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  return app;
}

/**
 * Registers Fastify's own JSON parser only, and a form where the route takes one. A POST without a body needs no media
 * type, with or without a content length.
 */
function takeJsonOnly(adapter: FastifyAdapter): void {
  const unknown = new UnsupportedMediaTypeException('Send application/json.');
  const fastify = adapter.getInstance();
  fastify.removeContentTypeParser('text/plain');
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    if (isForm(request)) return done(null, new URLSearchParams(body as string));
    return done(body.length > 0 ? unknown : null, undefined);
  });
}

/** The route takes a form, as the standards of OAuth require, and receives it as URLSearchParams. */
export const TakesForm = () => RouteConfig({ takesForm: true });

function isForm({ routeOptions, headers }: FastifyRequest): boolean {
  const { takesForm } = routeOptions.config as { readonly takesForm?: boolean };
  return (
    takesForm === true &&
    /^application\/x-www-form-urlencoded *(;|$)/i.test(headers['content-type'] ?? '')
  );
}

/** Closes connections while the instance drains, so that clients reconnect to another instance. */
function closeConnectionsWhileDraining(adapter: FastifyAdapter, health: Health): void {
  adapter.getInstance().addHook('onRequest', (_request, reply, done) => {
    if (health.isDraining) reply.header('connection', 'close');
    done();
  });
}
