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
  raw: readonly Buffer[],
  own: Readonly<Record<string, unknown>>,
): string[] {
  const headers: string[] = [];
  let connection: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString('latin1').toLowerCase();
    const value = raw[i + 1]!.toString('latin1');
    if (name === 'connection') connection = connection ? `${connection},${value}` : value;
    if (!notForwarded.has(name)) headers.push(name, value);
  }
  const named = namedByConnection(connection);
  if (named) removeNamed(headers, named);
  const { length } = headers;
  for (const name in own)
    if (name === 'vary' || !isAmong(headers, length, name)) headers.push(name, String(own[name]));
  return headers;
}

function removeNamed(headers: string[], named: ReadonlySet<string>): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (named.has(headers[i]!)) headers.splice(i, 2);
}

/** Whether a name is among the first headers. */
function isAmong(headers: readonly string[], length: number, name: string): boolean {
  for (let i = 0; i < length; i += 2) if (headers[i] === name) return true;
  return false;
}

/** The headers that a `Connection` header makes hop-by-hop; undefined for the usual values, which name none. */
export function namedByConnection(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  return new Set(value.split(',').map((each) => each.trim().toLowerCase()));
}
