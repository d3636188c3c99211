import { CliError } from '@fieldguide/platform-host/cli-error';
import { type LensFile, lensFiles } from '@fieldguide/platform-traces/lens';
import type { Traces } from '@fieldguide/platform-traces/traces';
import { lensConfig, ZipkinPeriod, ZipkinQuery } from '@fieldguide/platform-traces/zipkin';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ApiProblem } from './problem.ts';
import { sendQuery } from './trace-routes.ts';

const TRACES_MAX = 100;
const TraceId = z.string().regex(/^[0-9a-f]{1,32}$/i);
const ServiceName = z.object({ serviceName: z.string() });
// Lens writes style elements, and loads nothing from elsewhere.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  'worker-src blob:', // it draws the dependencies
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Zipkin's API v2 over the stored traces, and Lens, its user interface. */
export function zipkinRoutes(traces: Traces): FastifyPluginAsyncZod {
  return async (api) => {
    api.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, hide: true }; // Zipkin documents it
    });
    api.get('/zipkin/config.json', async () => lensConfig);
    api.get('/zipkin/api/v2/services', (_, reply) => sendQuery(reply, traces, 'zipkinServices'));
    api.get('/zipkin/api/v2/spans', { schema: { querystring: ServiceName } }, (request, reply) =>
      sendQuery(reply, traces, 'zipkinSpans', request.query.serviceName),
    );
    api.get(
      '/zipkin/api/v2/remoteServices',
      { schema: { querystring: ServiceName } },
      (request, reply) =>
        sendQuery(reply, traces, 'zipkinRemoteServices', request.query.serviceName),
    );
    api.get('/zipkin/api/v2/traces', { schema: { querystring: ZipkinQuery } }, (request, reply) =>
      sendQuery(reply, traces, 'zipkinTraces', request.query),
    );
    api.get(
      '/zipkin/api/v2/trace/:traceId',
      { schema: { params: z.object({ traceId: TraceId }) } },
      (request, reply) => sendQuery(reply, traces, 'zipkinTrace', request.params.traceId),
    );
    api.get(
      '/zipkin/api/v2/traceMany',
      {
        schema: {
          querystring: z.object({
            traceIds: z
              .string()
              .transform((ids) => ids.split(','))
              .pipe(z.array(TraceId).max(TRACES_MAX)),
          }),
        },
      },
      (request, reply) => sendQuery(reply, traces, 'zipkinTraceMany', request.query.traceIds),
    );
    api.get(
      '/zipkin/api/v2/dependencies',
      { schema: { querystring: ZipkinPeriod } },
      (request, reply) => sendQuery(reply, traces, 'zipkinDependencies', request.query),
    );
    api.get('/zipkin/api/v2/autocompleteKeys', (_, reply) =>
      sendQuery(reply, traces, 'zipkinAutocompleteKeys'),
    );
    api.get(
      '/zipkin/api/v2/autocompleteValues',
      { schema: { querystring: z.object({ key: z.string() }) } },
      (request, reply) => sendQuery(reply, traces, 'zipkinAutocompleteValues', request.query.key),
    );
    api.get('/zipkin/api/*', () => {
      throw new ApiProblem(404, 'unknown', 'There is no such resource.');
    });
    api.get('/zipkin', (_, reply) => reply.redirect('/zipkin/'));
    api.get(
      '/zipkin/*',
      { schema: { params: z.object({ '*': z.string() }) } },
      async (request, reply) => {
        reply.headers({
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'x-content-type-options': 'nosniff',
        });
        try {
          return sendFile(reply, await lensFiles(), request.params['*']);
        } catch (error) {
          if (error instanceof ApiProblem || !(error instanceof CliError)) throw error;
          return reply.status(503).type('text/html; charset=utf-8').send(withoutLens(error));
        }
      },
    );
  };
}

/** Every path of Lens that is not a file is a view, which its script shows. */
function sendFile(reply: FastifyReply, files: ReadonlyMap<string, LensFile>, path: string) {
  const file =
    files.get(path) ?? (path.startsWith('static/') ? undefined : files.get('index.html'));
  if (!file) throw new ApiProblem(404, 'unknown', 'There is no such resource.');
  const cache = file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
  return reply.header('cache-control', cache).type(file.contentType).send(file.content);
}

function withoutLens({ message, hint }: CliError): string {
  const text = (given: string) => given.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html>
<html lang="en">
<title>Traces</title>
<h1>Lens is not available</h1>
<p>Lens, the trace viewer of Zipkin, is downloaded when this page is opened first. ${text(message)}</p>
<p>Try: ${text(hint)} Then reload this page. Without a network:
<code>fieldguide cache import FILE</code> with an export of another machine.</p>
<p>The traces are stored. To see them in a terminal: <code>fieldguide traces</code>.</p>
</html>
`;
}
