import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ZodError } from 'zod';
import { readSpans } from './otlp.ts';
import type { SpanStore } from './span-store.ts';

export const BODY_BYTES_MAX = 4_000_000;
/** Of all requests together; beyond it, senders wait and repeat. */
const PENDING_BYTES_MAX = 16_000_000;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 500;
const RETRY_AFTER_S = 1;

export interface ReceiverSettings {
  readonly port: number;
  readonly token: string;
  readonly store: SpanStore;
  readonly now?: () => number;
  readonly pendingBytesMax?: number;
  /** Called when the store cannot be written: the spans are lost, and no retry is requested. */
  readonly onDropped?: (error: Error, spans: number) => void;
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Serves `POST /v1/traces` (OTLP/HTTP, JSON) on the loopback. Accepted spans are stored before the response. */
export async function startReceiver(settings: ReceiverSettings): Promise<Server> {
  const { port, pendingBytesMax = PENDING_BYTES_MAX } = settings;
  let pendingBytes = 0;
  const receive = async (request: IncomingMessage) => {
    check(request, settings.token, port);
    if (pendingBytes > pendingBytesMax)
      throw new Refused(429, 'Too many requests are pending; try again.');
    let ownBytes = 0;
    try {
      const body = await read(request, (count) => {
        pendingBytes += count;
        ownBytes += count;
      });
      return store(body, settings);
    } finally {
      pendingBytes -= ownBytes;
    }
  };
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    receive(request).then(
      (answer) => send(response, 200, answer),
      (error) => refuse(request, response, error),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** A web page cannot know the token, and cannot send these headers without a preflight, which is refused. */
function check({ method, url, headers }: IncomingMessage, token: string, port: number): void {
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(headers.host ?? ''))
    throw new Refused(403, 'This receiver answers on the loopback only.');
  if (!isSame(headers.authorization ?? '', `Bearer ${token}`))
    throw new Refused(401, 'The token is missing or wrong: see OTEL_EXPORTER_OTLP_HEADERS.');
  if (url !== '/v1/traces') throw new Refused(404, 'Only traces are received, at /v1/traces.');
  if (method !== 'POST') throw new Refused(405, 'Use POST.');
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? ''))
    throw new Refused(415, 'Send JSON: OTEL_EXPORTER_OTLP_PROTOCOL=http/json.');
  if (!['gzip', undefined].includes(headers['content-encoding']))
    throw new Refused(415, 'Send the body as it is, or with gzip.');
  if (Number(headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw tooLarge();
}

async function read(request: IncomingMessage, count: (bytes: number) => void): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // By default a throw would destroy the connection, and the sender would get no answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    count(chunk.length);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (request.headers['content-encoding'] !== 'gzip') return body.toString();
  try {
    return (await promisify(gunzip)(body, { maxOutputLength: BODY_BYTES_MAX })).toString();
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge() : new Refused(400, 'The body is not gzip.');
  }
}

/** Returns the answer of OTLP: empty when all spans are stored, else how many were not, and why. */
function store(body: string, { store, now = Date.now, onDropped }: ReceiverSettings): object {
  const { spans, rejected } = parse(body, now());
  try {
    const { rejected: surplus } = store.add(spans);
    if (rejected + surplus === 0) return {};
    return partial(rejected + surplus, 'invalid, or more than 10,000 spans in one trace');
  } catch (error) {
    onDropped?.(error as Error, spans.length);
    return partial(rejected + spans.length, 'the store cannot be written');
  }
}

const partial = (rejectedSpans: number, errorMessage: string) => ({
  partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage },
});

function parse(body: string, nowMs: number) {
  try {
    return readSpans(JSON.parse(body), nowMs);
  } catch (error) {
    if (error instanceof ZodError) throw new Refused(400, 'The body is not a request of OTLP.');
    throw new Refused(400, `The body is not JSON: ${(error as Error).message.slice(0, 100)}`);
  }
}

const tooLarge = () => new Refused(413, `The body exceeds ${BODY_BYTES_MAX / 1e6} MB.`);

function refuse(request: IncomingMessage, response: ServerResponse, error: Error): void {
  if (request.destroyed && !request.complete) return void response.destroy(); // the sender has left
  const status = error instanceof Refused ? error.status : 500;
  if (status === 429) response.setHeader('retry-after', RETRY_AFTER_S);
  request.resume(); // many senders read the answer after they have sent everything
  send(response, status, { code: status, message: error.message });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
