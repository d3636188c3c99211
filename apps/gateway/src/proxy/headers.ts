import { DEADLINE_HEADER } from '@fieldguide/resilience';
import { traceInto } from '@fieldguide/telemetry';
import type { FastifyRequest } from 'fastify';

// Hop-by-hop headers belong to one connection (RFC 9110, 7.6.1); `host` and `content-length` are the client's own.
const notForwarded = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
// Only the gateway sets these: a caller could claim another trace, address or deadline.
const notForwardedInward = new Set([
  ...notForwarded,
  'host',
  'content-length',
  'expect',
  'traceparent',
  'tracestate',
  'baggage',
  'forwarded',
  'x-real-ip',
  DEADLINE_HEADER,
]);

/** Builds the headers for a service: the caller's own, plus the gateway's trace and forwarding headers. */
export function requestHeaders({ raw, ip, protocol }: FastifyRequest): string[] {
  const { rawHeaders } = raw;
  const named = namedByConnection(raw.headers.connection);
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (notForwardedInward.has(name) || name.startsWith('x-forwarded-') || named?.has(name))
      continue;
    headers.push(name, rawHeaders[i + 1]!);
  }
  const { traceparent, tracestate } = traceInto<{ traceparent?: string; tracestate?: string }>({});
  if (traceparent) headers.push('traceparent', traceparent);
  if (tracestate) headers.push('tracestate', tracestate);
  headers.push('x-forwarded-for', ip, 'x-forwarded-proto', protocol);
  return headers;
}

/**
 * Builds the headers for the caller: the service's, plus those of the gateway that the service has not set.
 * @param own with names in lower case; its `Vary` is added to the service's
 */
export function responseHeaders(
  received: Readonly<Record<string, string | string[] | undefined>>,
  own: Readonly<Record<string, unknown>>,
): string[] {
  const headers: string[] = [];
  const { connection } = received;
  const named = namedByConnection(connection && String(connection));
  for (const name in received) {
    if (notForwarded.has(name) || named?.has(name)) continue;
    const value = received[name]!;
    if (typeof value === 'string') headers.push(name, value);
    else for (const each of value) headers.push(name, each);
  }
  for (const name in own)
    if (name === 'vary' || !(name in received) || named?.has(name))
      headers.push(name, String(own[name]));
  return headers;
}

/** The headers that a `Connection` header makes hop-by-hop; undefined for the usual values, which name none. */
export function namedByConnection(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  return new Set(value.split(',').map((each) => each.trim().toLowerCase()));
}
