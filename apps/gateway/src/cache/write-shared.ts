import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from './response-cache.ts';
import type { SharedResponse } from './shared-response.ts';

const notIn304 = new Set(['content-type', 'content-encoding']);

/** Writes a prepared response below Fastify's serialisation: 304 for a caller that has it, gzip for one that accepts it. */
export function writeShared(
  response: SharedResponse,
  { cacheStatus, ageSeconds }: Answer,
  { raw }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { status, names, body, gzipped, etag } = response;
  const out = reply.raw;
  const own = reply.getHeaders();
  const isKnown = status === 200 && matches(raw.headers['if-none-match'], etag);
  const isGzipped = gzipped !== undefined && acceptsGzip(raw.headers['accept-encoding']);
  const headers = isKnown ? without(response.headers, notIn304) : response.headers.slice();
  headers.push('cache-status', cacheStatus);
  if (ageSeconds !== undefined) headers.push('age', String(ageSeconds));
  if (gzipped) headers.push('vary', 'accept-encoding');
  for (const name in own) if (!names.has(name)) headers.push(name, String(own[name]));
  reply.hijack();
  if (isKnown) {
    out.writeHead(304, headers).end();
    return reply;
  }
  if (isGzipped) headers.push('content-encoding', 'gzip');
  const bytes = isGzipped ? gzipped : body;
  headers.push('content-length', String(bytes.length));
  out.writeHead(status, headers).end(bytes);
  return reply;
}

/** Weak comparison (RFC 9110, 13.1.2). */
function matches(header: string | undefined, etag: string | undefined): boolean {
  if (!header || !etag) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.split(',').some((each) => each.trim() === '*' || opaque(each) === opaque(etag));
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  return /(?:^|[\s,])gzip(?![\w-]|\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(String(header ?? ''));
}

const without = (headers: readonly string[], names: ReadonlySet<string>) =>
  headers.filter((_, at) => !names.has(headers[at - (at % 2)]!));
