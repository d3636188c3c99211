import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '@fieldguide/clock';
import { FixedRegistry } from '@fieldguide/discovery';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { ServiceClient } from './service-client.ts';

// Identity counts the tokens it issues; `stock` accepts those that pass `accepted`.
let made = 0;
let requests = 0;
let accepted: (token: string) => boolean;
let server: Server;
let peers: ServiceClient;
beforeEach(async () => {
  [made, requests, accepted] = [0, 0, () => true];
  server = createServer((request, response) => {
    if (request.url === '/auth/tokens') {
      made += 1;
      return response.end(JSON.stringify({ accessToken: `t${made}`, expiresInSeconds: 900 }));
    }
    requests += 1;
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    response.statusCode = accepted(token) ? 200 : 401;
    return response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const registry = new FixedRegistry(
    ['identity', 'stock'].map((service) => ({
      id: service,
      service,
      address: '127.0.0.1',
      port,
      version: '',
    })),
  );
  peers = new ServiceClient('ordering', 'secret', registry, new SystemClock());
});
afterEach(async () => {
  await peers.close();
  server.close();
});
const call = () =>
  peers.call({
    peer: 'stock',
    method: 'POST',
    path: '/reservations',
    route: '/reservations',
    body: {},
    responseSchema: z.object({}),
    withServiceToken: true,
  });

it('requests a new token when the cached one is rejected, once for concurrent calls', async () => {
  await call();
  accepted = (token) => token !== 't1';
  await expect(Promise.all([call(), call(), call()])).resolves.toEqual([{}, {}, {}]);
  expect(made).toBe(2);
});

it('fails when the new token is rejected as well, without further retries', async () => {
  accepted = () => false;
  await expect(call()).rejects.toThrow('401');
  expect([made, requests]).toEqual([2, 2]);
});
