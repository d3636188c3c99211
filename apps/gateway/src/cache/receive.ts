import type { Instance } from '@fieldguide/discovery';
import { DEADLINE_HEADER, type TimeLimit, UnsentError } from '@fieldguide/resilience';
import { traceInto } from '@fieldguide/telemetry';
import type { Agent } from 'undici';
import { isUnreached } from '../proxy/send.ts';

/** A complete response of a service. */
export interface Received {
  readonly status: number;
  /** Names and values in turn; names in lower case. */
  readonly headers: readonly string[];
  /** Undefined when it is too large to hold. */
  readonly body: Buffer | undefined;
}

const BODY_BYTES_MAX = 1024 * 1024;

/**
 * Requests a path of one instance without any header of a caller, so that no caller can shape a response that others get.
 * @throws UnsentError when nothing was sent
 */
export async function receive(
  agent: Agent,
  { address, port }: Instance,
  path: string,
  etag: string | undefined,
  { ms, endsAt }: TimeLimit,
): Promise<Received> {
  const response = await agent
    .request({
      origin: `http://${address}:${port}`,
      path,
      method: 'GET',
      headers: traceInto({
        accept: 'application/json',
        [DEADLINE_HEADER]: String(endsAt),
        ...(etag && { 'if-none-match': etag }),
      }),
      responseHeaders: 'raw',
      signal: AbortSignal.timeout(ms),
    })
    .catch((error: Error) => {
      throw isUnreached(error) ? new UnsentError(error.message) : error;
    });
  const raw = response.headers as unknown as string[];
  const headers = raw.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return { status: response.statusCode, headers, body: undefined };
    chunks.push(chunk);
  }
  return { status: response.statusCode, headers, body: Buffer.concat(chunks) };
}
