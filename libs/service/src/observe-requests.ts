import type { CallerClaims } from '@fieldguide/auth';
import {
  endSpan,
  type Log,
  metrics,
  securityEvent,
  startSpan,
  withSpan,
} from '@fieldguide/telemetry';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Span } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';

/** Polled by registry, platform and Prometheus: a trace of each poll would displace those of users. */
const untraced = new Set(['/health/live', '/health/ready', '/metrics', '/info']);
/** The status in metrics when the client left before the response, as in nginx. */
const CLIENT_LEFT = 499;

/**
 * Records a server span and a duration for every request, and logs it at level `debug`. At the edge a new trace starts: a `traceparent` from outside
 * is ignored, so that a stranger can neither force a recording nor join the trace of another caller.
 */
export function observeRequests(adapter: FastifyAdapter, isEdge: boolean, log: Log): void {
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    const begun = performance.now();
    const route = routeOf(request);
    const span = untraced.has(route) ? undefined : startServerSpan(request, route, isEdge);
    reply.raw.once('close', () => {
      const hasResponse = reply.raw.writableFinished;
      const status = hasResponse ? reply.raw.statusCode : CLIENT_LEFT;
      const seconds = (performance.now() - begun) / 1_000;
      const { method } = request;
      metrics.httpServerSeconds.observe(seconds, [method, routeOf(request), status]);
      reportSecurity(request, status, log);
      if (!span) return;
      if (log.isLevelEnabled('debug'))
        withSpan(span, () => log.debug(logged(request, status, seconds), 'A request ended'));
      if (hasResponse) span.setAttribute('http.response.status_code', status);
      else span.setAttribute('error.type', 'clientLeft');
      endSpan(span, status >= 500 ? { type: String(status) } : undefined);
    });
    if (span) withSpan(span, done);
    else done();
  });
}

/** Reports tokens and callers that were refused, and what operators change. */
function reportSecurity(request: FastifyRequest, status: number, log: Log): void {
  const { method, headers, ip: from } = request;
  const { caller } = request as { caller?: CallerClaims };
  const event = { who: caller?.id, what: `${method} ${routeOf(request)}`, from };
  if (status === 401 && headers.authorization) securityEvent(log, 'authn_token_invalid', event);
  else if (status === 403) securityEvent(log, 'authz_fail', event);
  else if (status < 300 && method !== 'GET' && caller?.scopes.has('operations'))
    securityEvent(log, 'authz_admin', event);
}

function startServerSpan(request: FastifyRequest, route: string, isEdge: boolean): Span {
  const { method, url, headers } = request;
  return startSpan({
    kind: 'server',
    name: `${method} ${route}`,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'url.path': url.split('?', 1)[0]!,
      'url.scheme': request.protocol,
    },
    isRoot: true,
    from: isEdge ? undefined : headers,
  });
}

/** The pattern of the path; `*` where there is none. */
const routeOf = ({ routeOptions }: FastifyRequest) => routeOptions.url ?? '*';

const logged = (request: FastifyRequest, status: number, seconds: number) => ({
  http_request_method: request.method,
  http_route: routeOf(request),
  http_response_status_code: status,
  seconds,
});
