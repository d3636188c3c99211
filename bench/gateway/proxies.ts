// The proxies on Node that the gateway is compared with: `node proxies.ts NAME UPSTREAM_PORT`, forked by contenders.ts.
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import httpProxy from '@fastify/http-proxy';
import fastProxy from 'fast-proxy';
import fastify from 'fastify';
import { Pool } from 'undici';

const CONNECTIONS = 128;
const [name = '', upstreamPort = ''] = process.argv.slice(2);
const origin = `http://127.0.0.1:${upstreamPort}`;

const proxies: Readonly<Record<string, () => Promise<Server>>> = {
  /** What Node's documentation leads to: two streams, joined. */
  'bare node:http': async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    return createServer((incoming, outgoing) => {
      const { method, url: path, headers } = incoming;
      const to = { host: '127.0.0.1', port: upstreamPort, method, path, headers, agent };
      const forwarded = request(to, (response) => {
        outgoing.writeHead(response.statusCode!, response.headers);
        response.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.writeHead(502).end());
      incoming.pipe(forwarded);
    });
  },
  /** The floor of the gateway: the same call of undici, and nothing around it. */
  'undici dispatch': async () => {
    const pool = new Pool(origin, { connections: CONNECTIONS });
    const isForwarded = (header: string) => !/^(host|connection|keep-alive)$/i.test(header);
    const pairs = (raw: readonly (string | Buffer)[]) => {
      const kept: string[] = [];
      for (let i = 0; i < raw.length; i += 2) {
        const header = raw[i]!.toString('latin1');
        if (isForwarded(header)) kept.push(header, raw[i + 1]!.toString('latin1'));
      }
      return kept;
    };
    return createServer(({ method, url, rawHeaders }, outgoing) => {
      pool.dispatch(
        { path: url!, method: method as 'GET', headers: pairs(rawHeaders) },
        {
          onRequestStart: () => undefined,
          onResponseStart: ({ rawHeaders: raw }, status) => {
            outgoing.writeHead(status, pairs(raw as Buffer[]));
          },
          onResponseData: (_controller, chunk) => {
            outgoing.write(chunk);
          },
          onResponseEnd: () => {
            outgoing.end();
          },
          onResponseError: () => {
            outgoing.writeHead(502).end();
          },
        },
      );
    });
  },
  '@fastify/http-proxy': async () => {
    const app = fastify();
    await app.register(httpProxy, { upstream: origin, undici: { connections: CONNECTIONS } });
    await app.ready();
    return app.server;
  },
  'fast-proxy': async () => {
    const { proxy } = fastProxy({ base: origin, undici: { connections: CONNECTIONS } });
    return createServer((incoming, outgoing) => proxy(incoming, outgoing, incoming.url!, {}));
  },
};

const server = await proxies[name]!();
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
