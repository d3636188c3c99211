import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_JSON, problem } from '@fieldguide/problems';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from './http-config.ts';
import { securityHeaders } from './response-headers.ts';

/** Maximum size of a request body; the gateway rejects larger ones before it forwards anything. */
export const BODY_BYTES_MAX = 64 * 1024;

// Time for a rejected client to read the response: closing while it still sends would reset the connection.
const LINGER_MS = 500;
const LATENESS_MS = 1_000;

type ConnectionError = readonly [status: number, code: string, title: string];
const UNREADABLE: ConnectionError = [400, 'malformedRequest', 'The request cannot be read.'];
const connectionErrors: Readonly<Record<string, ConnectionError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'requestTimeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'headersTooLarge', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'bodyTooLarge', 'The chunk extensions are too large.'],
  HPE_INVALID_METHOD: [501, 'methodNotImplemented', 'This server does not know the method.'],
};

// Requests whose response was sent before their body had arrived: nothing more may be written to their connections.
const answeredEarly = new WeakMap<Socket, IncomingMessage>();

// Longer than any client keeps an idle connection, so that no client sends on a closing connection.
const KEEP_ALIVE_MS = 65_000;
/** The same for an app with a public port: responses send `connection: close`, so that they leave in time. */
export const PUBLIC_KEEP_ALIVE_MS = 5_000;
// Longer than any response takes: bounds connections of clients that neither send nor read.
const SILENT_MS = 60_000;

/** Settings of Node's server and Fastify that do not depend on the configuration. */
export const serverOptions = {
  bodyLimit: BODY_BYTES_MAX,
  connectionTimeout: SILENT_MS,
  forceCloseConnections: 'idle',
  return503OnClosing: false, // requests that arrive while it drains are served
  http: {
    requireHostHeader: false, // Node would respond without a body; `watchRequests` checks it
    connectionsCheckingInterval: LATENESS_MS,
    optimizeEmptyRequests: true, // no stream events for a body that is not there: less CPU for each GET
  },
  clientErrorHandler: rejectConnection,
  frameworkErrors: rejectUrl,
  rewriteUrl: ({ url = '/' }: IncomingMessage) => originForm(url),
} as const;

/** Sets the time limits of connections. */
export function limitConnections(
  server: Server,
  { REQUEST_TIME_LIMIT_MS, PUBLIC_PORT }: HttpConfig,
): void {
  server.headersTimeout = REQUEST_TIME_LIMIT_MS;
  server.requestTimeout = REQUEST_TIME_LIMIT_MS;
  server.keepAliveTimeout = PUBLIC_PORT ? PUBLIC_KEEP_ALIVE_MS : KEEP_ALIVE_MS;
}

/** Rejects ambiguous requests, and records responses sent before the end of the request. */
export function watchRequests(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    const detail = ambiguity(request.raw);
    if (!detail) return done();
    reply
      .status(400)
      .type(PROBLEM_JSON)
      .send(JSON.stringify(problem(400, 'malformedRequest', UNREADABLE[2], { detail })));
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (!request.raw.complete) answeredEarly.set(request.raw.socket, request.raw);
    done();
  });
  adapter.getHttpServer().on('checkExpectation', (_request, response) => {
    const body = JSON.stringify(problem(417, 'expectationFailed', 'Expect only 100-continue.'));
    const headers = { 'content-type': PROBLEM_JSON, 'content-length': body.length };
    response.writeHead(417, { ...headers, ...securityHeaders }).end(body);
  });
}

/** Node uses the first of two equal headers, and the next hop may use the second. */
function ambiguity({ rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  let [hosts, authorizations] = [0, 0];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4) hosts += name.toLowerCase() === 'host' ? 1 : 0;
    else if (name.length === 13) authorizations += name.toLowerCase() === 'authorization' ? 1 : 0;
  }
  if (hosts > 1) return 'The header Host is there twice.';
  if (authorizations > 1) return 'The header Authorization is there twice.';
  return hosts === 0 && httpVersion !== '1.0' ? 'The header Host is missing.' : undefined;
}

/** The target of a request to a proxy (`GET http://host/path`) is treated as the same path (RFC 9112, 3.2.2). */
function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const authority = /^https?:\/\//i.exec(url)?.[0].length;
  if (!authority) return url;
  const path = url.slice(authority).search(/[/?]/);
  if (path < 0) return '/';
  const rest = url.slice(authority + path);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** A request that Node could not parse, or that did not arrive in time. */
function rejectConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  const { _httpMessage: inFlight } = socket as { _httpMessage?: { headersSent: boolean } };
  const early = answeredEarly.get(socket);
  const isAnswered = inFlight?.headersSent || (early && !early.complete);
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
    if (!socket.writableEnded) socket.destroy(error);
    return;
  }
  const [status, code, title] = connectionErrors[error.code ?? ''] ?? UNREADABLE;
  const body = JSON.stringify(problem(status, code, title));
  const headers = {
    'content-type': PROBLEM_JSON,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...securityHeaders,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  setTimeout(() => socket.destroy(error), LINGER_MS).unref();
}

/** Fastify's router rejects invalid percent-encoding and overlong parameters before any hook or filter. */
function rejectUrl(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 400;
  const detail = 'The path is not valid, or a part of it is too long.';
  reply
    .status(status)
    .headers(securityHeaders)
    .type(PROBLEM_JSON)
    .send(JSON.stringify(problem(status, 'malformedRequest', UNREADABLE[2], { detail })));
}
