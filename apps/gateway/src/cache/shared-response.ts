import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { namedByConnection } from '../proxy/headers.ts';
import type { Received } from './receive.ts';

const compress = promisify(gzip);
// Below this size a response fits into two packets, compressed or not.
const COMPRESSED_FROM_BYTES = 2_048;
// Of the connection to the service, or written for each caller.
const notKept = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'vary',
  'content-length',
  'age',
]);

/** A response that any caller may get, prepared for writing. */
export interface SharedResponse {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly names: ReadonlySet<string>;
  readonly body: Buffer;
  /** The same body for callers that accept gzip. */
  readonly gzipped: Buffer | undefined;
  readonly etag: string | undefined;
  /** How old it was when it arrived. */
  readonly ageMs: number;
}

export function headerIn(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/**
 * Prepares a response for all callers. A body is compressed once, here. One with a strong ETag is not: the tag names its
 * bytes, and callers send it back in If-Match.
 * @returns undefined for a response that depends on a caller, or that is too large
 */
export async function shared(received: Received): Promise<SharedResponse | undefined> {
  const { status, body } = received;
  const has = (name: string) => headerIn(received.headers, name) !== undefined;
  const vary = headerIn(received.headers, 'vary')?.trim().toLowerCase();
  const isForOne = has('set-cookie') || (vary && vary !== 'accept-encoding');
  if (!body || isForOne || has('content-encoding')) return undefined;
  const named = namedByConnection(headerIn(received.headers, 'connection'));
  const headers: string[] = [];
  for (let i = 0; i < received.headers.length; i += 2) {
    const name = received.headers[i]!;
    if (!notKept.has(name) && !named?.has(name)) headers.push(name, received.headers[i + 1]!);
  }
  const etag = headerIn(headers, 'etag');
  const isCompressed = status === 200 && body.length >= COMPRESSED_FROM_BYTES && !isStrong(etag);
  const gzipped = isCompressed ? await compress(body) : undefined;
  const ageMs = Number(headerIn(received.headers, 'age') ?? 0) * 1_000 || 0;
  return { status, headers, names: namesIn(headers), body, gzipped, etag, ageMs };
}

/** Updates a stored response from a 304: its body stays (RFC 9111, 4.3.4). */
export function refreshed(known: SharedResponse, { headers: news }: Received): SharedResponse {
  const headers = known.headers.map((text, at) =>
    at % 2 === 0 ? text : (headerIn(news, known.headers[at - 1]!) ?? text),
  );
  return { ...known, headers, ageMs: 0 };
}

const isStrong = (etag: string | undefined) => etag !== undefined && !etag.startsWith('W/');
const namesIn = (headers: readonly string[]) => new Set(headers.filter((_, at) => at % 2 === 0));
