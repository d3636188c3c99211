// Everything around the measured proxies, in one process: a service that costs as little as Node allows, and a stub of
// Consul with identity's keys and a receiver of traces. Forked by run.ts, which gets the ports.
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { thumbprintOf } from '@fieldguide/auth';
import { TestKeys } from '@fieldguide/auth/testing';

/** Ports of this process, and a token that the gateway accepts. */
export interface Surroundings {
  /** Of the key that signs `token`. */
  readonly keyThumbprint: string;
  /** Two instances of every service. */
  readonly upstreamPorts: readonly number[];
  /** Consul, identity's keys, the receiver of traces. */
  readonly surroundingsPort: number;
  readonly token: string;
  readonly bodyBytes: number;
}

const LONG_POLL_MS = 10_000;
const END_OF_REQUEST = Buffer.from('\r\n\r\n');
// Its responses may be cached; those of the other paths may not.
const CACHED_PATH = '/products/';

const body = JSON.stringify({
  id: '01900000-0000-7000-8000-000000000001',
  sku: 'LAMP-1',
  name: 'Desk lamp',
  description: 'A lamp for a desk: 40 cm, warm white, with a switch in the cable.',
  price: { amountMinor: 4_900, currency: 'CHF' },
  isRetired: false,
});
/** The response of a service, with the headers that a service sets. */
const response = (cacheControl?: string) =>
  [
    'HTTP/1.1 200 OK',
    'x-content-type-options: nosniff',
    'referrer-policy: no-referrer',
    "content-security-policy: default-src 'none'; frame-ancestors 'none'",
    ...(cacheControl ? [`cache-control: ${cacheControl}`] : []),
    'etag: "1"',
    'content-type: application/json; charset=utf-8',
    `content-length: ${body.length}`,
    'date: Sun, 29 Nov 2026 12:00:00 GMT',
    'connection: keep-alive',
    'keep-alive: timeout=65',
    '',
    body,
  ].join('\r\n');
const plain = Buffer.from(response());
const cacheable = Buffer.from(response('public, max-age=3600'));

/** Answers requests without bodies, in order, without parsing more than their ends. */
function service(): Server {
  return createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      for (let at = bytes.indexOf(END_OF_REQUEST); at >= 0; at = bytes.indexOf(END_OF_REQUEST)) {
        socket.write(bytes.subarray(0, 64).includes(CACHED_PATH) ? cacheable : plain);
        bytes = bytes.subarray(at + END_OF_REQUEST.length);
      }
      rest = bytes;
    });
  });
}

const keys = new TestKeys('bench/bench');
const instances = new Map<string, readonly number[]>();

/** Consul, identity and the receiver of traces, as far as the gateway calls them. */
const surroundings = createHttpServer(({ url: target = '/', method }, answer) => {
  const url = new URL(target, 'http://127.0.0.1');
  const isPoll = url.searchParams.has('index');
  const service = /^\/v1\/health\/service\/(?:bench-)?(.*)$/.exec(url.pathname)?.[1];
  if (url.pathname === '/.well-known/jwks.json')
    return void keys.keys().then((all) => send(answer, 200, { keys: all }));
  if (service) return afterPoll(isPoll, () => send(answer, 200, entriesOf(service)));
  if (url.pathname.startsWith('/v1/kv/')) return afterPoll(isPoll, () => send(answer, 404));
  return send(answer, 200, method === 'GET' || method === 'POST' ? {} : undefined);
});

function afterPoll(isPoll: boolean, work: () => void): void {
  if (isPoll) setTimeout(work, LONG_POLL_MS).unref();
  else work();
}

function send(answer: ServerResponse, status: number, content?: unknown): void {
  answer.writeHead(status, { 'content-type': 'application/json', 'x-consul-index': '1' });
  answer.end(content === undefined ? '' : JSON.stringify(content));
}

const entriesOf = (name: string) =>
  (instances.get(name) ?? instances.get('*')!).map((port) => ({
    Service: { ID: `${name}-${port}`, Address: '127.0.0.1', Port: port, Meta: { version: '1' } },
  }));

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const upstreamPorts = [await portOf(service()), await portOf(service())];
const surroundingsPort = await portOf(surroundings);
instances.set('*', upstreamPorts).set('identity', [surroundingsPort]);
const token = keys.token('ada', 'orders:read orders:write', { expiresInSeconds: 3_600 });
const keyThumbprint = thumbprintOf({ ...(await keys.keys())[0] });
const ready: Surroundings = {
  ...{ upstreamPorts, surroundingsPort, token, keyThumbprint },
  bodyBytes: body.length,
};
process.send!(ready);
process.once('disconnect', () => process.exit());
