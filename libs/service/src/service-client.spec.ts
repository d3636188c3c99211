import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '@fieldguide/clock';
import { FixedRegistry } from '@fieldguide/discovery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ServiceClient } from './service-client.ts';

// More than the minimum number of calls of a breaker.
const TIMES = 8;

let server: Server;
let peers: ServiceClient;
let status = 200;
let body = '{"id":"1"}';
let requests = 0;
beforeEach(async () => {
  [status, body, requests] = [200, '{"id":"1"}', 0];
  server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const instance = { id: 'a', service: 'catalog', address: '127.0.0.1', port, version: '1' };
  peers = new ServiceClient(
    'ordering',
    undefined,
    new FixedRegistry([instance]),
    new SystemClock(),
  );
});
afterEach(async () => {
  await peers.close();
  await new Promise((resolve) => server.close(resolve));
});
const call = () =>
  peers.call({
    peer: 'catalog',
    path: '/products/1',
    route: '/products/:id',
    responseSchema: z.object({ id: z.string() }),
  });

describe('calls to a peer', () => {
  it.each([
    ['a response with 400', 400, ''],
    ['an answer of 401', 401, ''],
    ['an answer of 409', 409, ''],
    ['an answer of 429', 429, ''],
    ['an answer of 500', 500, ''],
    ['an invalid response body', 200, '{"id":'],
  ])('do not open the breaker after %s, and are not retried', async (_, code, text) => {
    [status, body] = [code, text];
    for (let i = 0; i < TIMES; i++) await expect(call()).rejects.toThrow();
    expect(requests).toBe(TIMES);
    [status, body] = [200, '{"id":"1"}'];
    expect(await call()).toEqual({ id: '1' });
  });

  it.each([502, 503, 504])('open the breaker after a response with %d', async (code) => {
    status = code;
    for (let i = 0; i < TIMES; i++) await expect(call()).rejects.toThrow();
    status = 200;
    await expect(call()).rejects.toMatchObject({ shortCircuited: true });
  });
});
