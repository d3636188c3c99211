import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '@fieldguide/clock';
import { FixedRegistry } from '@fieldguide/discovery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ServiceClient } from './service-client.ts';

// More than the minimum number of calls of a breaker.
const TIMES = 8;
const address = '127.0.0.1';

let server: Server;
let peers: ServiceClient;
let status = 200;
let body = '{"id":"1"}';
let requests = 0;
/** So many requests get 503 first. */
let failures = 0;
beforeEach(async () => {
  [status, body, requests, failures] = [200, '{"id":"1"}', 0, 0];
  server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(requests <= failures ? 503 : status).end(body);
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

  it('are retried when they are reads, on the same instance if there is no other', async () => {
    failures = 2;
    expect(await call()).toEqual({ id: '1' });
    expect(requests).toBe(3);
  });

  it('are sent to another instance when the first one is not reached, also a POST', async () => {
    const { port } = server.address() as AddressInfo;
    const at = (id: string, port: number) => ({
      id,
      service: 'catalog',
      address,
      port,
      version: '',
    });
    const registry = new FixedRegistry([at('away', 9), at('there', port)]);
    const client = new ServiceClient('ordering', undefined, registry, new SystemClock());
    const post = {
      peer: 'catalog',
      method: 'POST',
      path: '/products',
      route: '/products',
      responseSchema: z.object({}),
    } as const;
    for (let i = 0; i < TIMES; i++) expect(await client.call(post)).toEqual({});
    expect(requests).toBe(TIMES);
    await client.close();
  });
});
