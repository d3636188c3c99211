import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consul, instances, scale } from './running-platform.ts';
import { operatorToken, product, send } from './shop.ts';

// The duration of each case in CI; `npm run verify` runs 30 s.
const SECONDS = Number(process.env['FIELDGUIDE_BAD_INSTANCE_SECONDS'] ?? 3);
const APP = 'inventory';
const LATE_MS = 2_000;
const WAIT = { timeout: 60_000, interval: 100 };

beforeAll(() => scale(APP, 2));
afterAll(() => scale(APP, 1));

/** Registers a third instance, which reports that it is healthy. @returns what removes it */
async function addInstance(listener: RequestListener): Promise<() => Promise<void>> {
  const server = createServer((request, response) =>
    request.url === '/health/ready' ? response.end('{}') : listener(request, response),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [ID, Address] = [`bad-${port}`, '127.0.0.1'];
  const Check = {
    HTTP: `http://${Address}:${port}/health/ready`,
    Interval: '3s',
    Status: 'passing',
  };
  const entry = { ID, Name: `e2e-${APP}`, Address, Port: port, Meta: { version: 'bad' }, Check };
  const registered = await consul('PUT', 'agent/service/register', JSON.stringify(entry));
  expect(registered.status).toBe(200);
  return async () => {
    await consul('PUT', `agent/service/deregister/${ID}`);
    server.closeAllConnections();
    server.close();
  };
}

/** Reads continuously, three at a time, until `until` resolves. @returns how many were sent, and failed or were late */
async function read(until: Promise<unknown>): Promise<{ sent: number; hurt: number }> {
  const seen = { sent: 0, hurt: 0 };
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  const one = async () => {
    while (!isOver) {
      const startMs = performance.now();
      const { status } = await send('GET', `/stock/${product.plenty}`);
      seen.sent += 1;
      if (status !== 200 || performance.now() - startMs >= LATE_MS) seen.hurt += 1;
      await sleep(50);
    }
  };
  await Promise.all([one(), one(), one()]);
  return seen;
}
/** How many the gateway has ejected; it updates the number when it sends a request. */
const ejected = async () => {
  await send('GET', `/stock/${product.plenty}`);
  const { body } = await send('GET', '/metrics', { token: await operatorToken() });
  const [, value] = /^ejected_instances\{server_service_name="inventory"\} (\d)/m.exec(body) ?? [];
  return Number(value ?? 0);
};
/** Trial requests of one gateway until then: 2, 6, 14 … seconds after the ejection. */
const trials = (sinceMs: number) => Math.log2((performance.now() - sinceMs) / 2_000 + 1);

describe('one of three instances', () => {
  it.each([
    ['answers 500', ((_, response) => response.writeHead(500).end('{}')) as RequestListener],
    [
      'answers late',
      ((_, response) => setTimeout(() => response.end('{}'), LATE_MS)) as RequestListener,
    ],
  ])('that %s gets no requests but trials after a moment', async (_, listener) => {
    const remove = await addInstance(listener);
    const startMs = performance.now();
    try {
      const { hurt } = await read(expect.poll(ejected, WAIT).toBe(1));
      expect(hurt).toBeGreaterThan(0);
      const after = await read(sleep(SECONDS * 1_000));
      // Of the late ones, up to three had been sent before the ejection.
      expect(after.hurt).toBeLessThanOrEqual(3 + trials(startMs));
    } finally {
      await remove();
      await expect.poll(ejected, WAIT).toBe(0);
    }
  });

  it('that is killed hurts no read', async () => {
    const remove = await addInstance((_, response) => response.end('{}'));
    const [victim] = await instances(APP);
    const killed = sleep(SECONDS * 500).then(() => process.kill(victim!.pid!, 'SIGKILL'));
    const { hurt } = await read(killed.then(() => sleep(SECONDS * 500)));
    expect(hurt).toBe(0);
    await remove();
    await scale(APP, 2);
  });
});
