import type { RequestListener, ServerResponse } from 'node:http';
import { metrics } from '@fieldguide/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import {
  breakerOf,
  type RunningGateway,
  runGateway,
  type Upstream,
  upstream,
} from '../testing/running-gateway.ts';

const CLOSED = 0;
const LATE_MS = 1_000;

let services: Upstream[];
let gateway: RunningGateway;
let received: number[];
let deadlines: (string | undefined)[];
afterEach(async () => {
  await gateway.close();
  await Promise.all(services.map((each) => each.close()));
});

/** Reads of stock are not cached, so each request reaches a service. Starts the gateway before three instances of each; the first one behaves as given. */
async function start(first: RequestListener, env: Record<string, string> = {}): Promise<void> {
  [received, deadlines] = [[0, 0, 0], []];
  const ok: RequestListener = (_, response) => response.end('{}');
  services = await Promise.all(
    [first, ok, ok].map((listener, index) =>
      upstream((request, response) => {
        received[index]! += 1;
        deadlines.push(request.headers['x-deadline-ms'] as string | undefined);
        listener(request, response);
      }),
    ),
  );
  gateway = await runGateway(
    services.map(({ port }) => port),
    env,
  );
}
const send = (headers: Record<string, string> = {}, method = 'GET', path = '/stock/7') =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, { method, headers });
/** @returns the statuses of requests that are sent one after another */
async function statuses(count: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push((await send()).status);
  return all;
}
const metricOf = async (name: 'ejectedInstances' | 'requestsShed') => {
  const { values } = await metrics[name].get();
  return values.find(({ labels }) => labels.server_service_name === 'inventory')?.value ?? 0;
};

describe('of three instances', () => {
  it.each([500, 503])(
    'one that answers %d is ejected, and the breaker stays closed',
    async (bad) => {
      await start((_, response) => response.writeHead(bad).end('{}'));
      await statuses(60);
      expect(await metricOf('ejectedInstances')).toBe(1);
      const before = received[0]!;
      expect(before).toBeLessThan(10);
      const hurt = (await statuses(200)).filter((status) => status !== 200);
      // At most a trial request every two seconds; the first trial fails.
      expect(hurt.length).toBe(received[0]! - before);
      expect(hurt.length).toBeLessThanOrEqual(2);
      expect(await breakerOf('inventory')).toBe(CLOSED);
    },
  );

  it('one that answers late is ejected', async () => {
    await start((_, response) => void setTimeout(() => response.end('{}'), LATE_MS));
    for (let i = 0; i < 6; i++) await Promise.all(Array.from({ length: 9 }, () => send()));
    expect(await metricOf('ejectedInstances')).toBe(1);
  });

  it('one that is not reached hurts no request, also no POST', async () => {
    await start(() => undefined);
    await services[0]!.close();
    services.shift();
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        n % 2 ? send() : send({ 'content-type': 'application/json' }, 'POST', '/auth/tokens'),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array(30).fill(200));
    expect(await breakerOf('inventory')).toBe(CLOSED);
  });

  it('one that breaks connections hurts no read', async () => {
    await start((request) => request.socket.destroy());
    expect(await statuses(30)).toEqual(Array(30).fill(200));
    expect(received[0]).toBeGreaterThan(0);
    expect(await metricOf('ejectedInstances')).toBe(1);
  });

  it('the one of another version gets its callers only, always the same ones', async () => {
    await start((_, response) => response.writeHead(299).end('{}'), {
      TRAFFIC_WEIGHTS: 'inventory:v1=100,catalog:v1=0',
    });
    expect(new Set(await statuses(20))).toEqual(new Set([299]));
    const stock = await send({}, 'GET', '/products');
    expect(stock.status).toBe(200);
  });
});

describe('a request in the gateway', () => {
  it('has a deadline that the caller cannot choose', async () => {
    await start((_, response) => response.end('{}'), { FORWARD_TIME_LIMIT_MS: '5000' });
    const before = Date.now();
    await send({ 'x-deadline-ms': '1' });
    expect(Number(deadlines[0])).toBeGreaterThanOrEqual(before + 5_000);
    expect(Number(deadlines[0])).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  it('is rejected immediately when too many are in progress; health is not', async () => {
    const waiting: ServerResponse[] = [];
    await start((_, response) => void waiting.push(response), {
      CONCURRENCY_LIMIT_MAX: '2',
      TRAFFIC_WEIGHTS: 'inventory:v1=100,catalog:v1=0',
    });
    const before = await metricOf('requestsShed');
    const served = [send(), send()];
    await expect.poll(() => waiting.length).toBe(2);
    const shed = await send();
    expect([shed.status, shed.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await shed.json()).toMatchObject({ type: '/problems/overloaded', status: 503 });
    expect(await metricOf('requestsShed')).toBe(before + 1);
    expect((await send({}, 'GET', '/products')).status).toBe(200);
    expect((await send({}, 'GET', '/health/live')).status).toBe(200);
    expect(await metrics.read()).toContain(
      'concurrency_limit_requests{server_service_name="inventory"} 2',
    );
    for (const response of waiting) response.end('{}');
    expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200]);
    // The two are over, so there is room again.
    const next = send();
    await expect.poll(() => waiting.length).toBe(3);
    waiting[2]!.end('{}');
    expect((await next).status).toBe(200);
    expect(await breakerOf('inventory')).toBe(CLOSED);
  });
});
