import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsulKv } from './consul-kv.ts';

// A Consul whose long polls the test resolves, always with the same index: nothing has changed.
let isAway = false;
const waiting: ServerResponse[] = [];
const paths = new Map<ServerResponse, string>();
const server = createServer(({ url = '' }, response) => {
  if (isAway) return response.destroy();
  paths.set(response, url);
  return waiting.push(response);
});
const answerAll = () => {
  for (const response of waiting.splice(0))
    response
      .writeHead(200, { 'x-consul-index': '7', 'content-type': 'application/json' })
      .end(JSON.stringify([{ Key: 'shop/test/common/A', Value: btoa('1') }]));
};
let kv: ConsulKv;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  kv = new ConsulKv({ CONSUL_HTTP_ADDR: `http://127.0.0.1:${port}` }, 'shop/test', 'things');
});
afterAll(() => {
  kv.close();
  server.closeAllConnections();
  server.close();
});

it('keeps the values read at boot until both watches have returned', async () => {
  const { port } = server.address() as AddressInfo;
  const booted = new ConsulKv(
    { CONSUL_HTTP_ADDR: `http://127.0.0.1:${port}` },
    'shop/test',
    'others',
  );
  const reading = booted.read();
  await expect.poll(() => waiting.length).toBe(2);
  answerAll();
  await reading;
  expect(booted.values.get('shop/test/common/A')).toBe('1');
  const seen: (string | undefined)[] = [];
  booted.watch(() => seen.push(booted.values.get('shop/test/common/A')));
  await expect.poll(() => waiting.length).toBe(2);
  const own = waiting.findIndex((each) => paths.get(each)!.includes('others'));
  waiting
    .splice(own, 1)[0]!
    .writeHead(200, { 'x-consul-index': '8', 'content-type': 'application/json' })
    .end(JSON.stringify([{ Key: 'shop/test/others/B', Value: btoa('2') }]));
  await expect.poll(() => booted.values.get('shop/test/others/B')).toBe('2');
  expect(booted.values.get('shop/test/common/A')).toBe('1');
  expect(seen).toEqual(['1']);
  booted.close();
  for (const response of waiting.splice(0)) response.destroy();
});

it('clears the error as soon as Consul responds again, also if nothing has changed', async () => {
  kv.watch(() => undefined);
  await expect.poll(() => waiting.length).toBe(2);
  answerAll();
  await expect.poll(() => kv.values.get('shop/test/common/A')).toBe('1');
  expect(kv.error).toBeUndefined();

  isAway = true;
  for (const response of waiting.splice(0)) response.destroy();
  await expect.poll(() => kv.error).toBeDefined();
  isAway = false;
  const answering = setInterval(answerAll, 20);
  await expect.poll(() => kv.error, { timeout: 15_000 }).toBeUndefined();
  clearInterval(answering);
});
