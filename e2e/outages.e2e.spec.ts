import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '@fieldguide/platform-controller/faults/fault';
import { afterAll, afterEach, expect, inject, it } from 'vitest';
import { instances, platform, setSetting } from './running-platform.ts';
import { newCustomer, orderOf, place, product, send, waitForEnd } from './shop.ts';
import { Traffic } from './traffic.ts';

// The duration of an outage in CI; `npm run verify` lets each last two minutes.
const SECONDS = Number(process.env['FIELDGUIDE_OUTAGE_SECONDS'] ?? 2);
const UNKNOWN = '01900000-0000-7000-8000-00000000dead';
const WAIT = { timeout: 60_000, interval: 200 };
const MINIMUM_CALLS = 10;

const start = (kind: string, target: string) =>
  platform().call<Fault>('POST', '/faults', { kind, target, force: true });
const stopAll = () => platform().call('DELETE', '/faults');
afterEach(stopAll);
afterAll(() => platform().call('DELETE', '/apps/ordering/settings/PAYMENT_DEADLINE_MS'));

it('of the catalog: the shop is browsed with earlier responses, and known products are ordered', async () => {
  const { token } = await newCustomer();
  const path = `/products/${product.plenty}`;
  const order = (key: string, productId: string = product.plenty) =>
    place(token, `without-catalog-${key}`, orderOf('tok_ok', productId));
  expect((await send('GET', path)).status).toBe(200);
  await waitForEnd(token, (await order('before')).body.id);

  await start('down', 'catalog');
  const end = performance.now() + SECONDS * 1_000;
  const cacheStatus = async () => (await send('GET', path)).headers.get('cache-status');
  await expect.poll(cacheStatus, WAIT).toContain('detail=stale-if-error');
  await platform().call('POST', '/apps/ordering/restarts');
  const ids: string[] = [];
  do {
    const { status, headers } = await send('GET', path);
    expect(status).toBe(200);
    expect(Number(headers.get('age'))).toBeGreaterThanOrEqual(5);
    const placed = await order(String(ids.length));
    expect(placed.status).toBe(201);
    ids.push(placed.body.id);
    await sleep(200);
  } while (performance.now() < end);
  for (const refused of [await send('GET', `/products/${UNKNOWN}`), await order('none', UNKNOWN)]) {
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  for (const id of ids) expect((await waitForEnd(token, id)).status).toBe('completed');
}, 600_000);

it('of Consul: no request fails, and no order is lost', async () => {
  const traffic = new Traffic(inject('shop').gatewayUrl, 'without-consul');
  await traffic.signIn();
  const ending = new AbortController();
  const running = traffic.run({ readsPerSecond: 20, ordersPerSecond: 3 }, ending.signal);
  await start('down', 'consul');
  await sleep(SECONDS * 1_000);
  await stopAll();
  ending.abort();
  const { orders, failures } = await running;
  expect(failures).toEqual({});
  expect(await traffic.notCompleted(orders)).toEqual([]);
}, 600_000);

it('of the payment provider: its breaker opens and closes again, and all orders are paid', async () => {
  const { token } = await newCustomer();
  const breaker = async () => {
    const [{ url }] = (await instances('payments')) as unknown as [{ url: string }];
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^breaker_state\{breaker="payment-provider"\} (\d)/m.exec(text)?.[1]);
  };
  // Longer than the outage: the orders wait for their payment.
  await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '600000');
  expect(await breaker()).toBe(0);
  await start('freeze', 'payment-provider/1');
  const ids = await Promise.all(
    Array.from({ length: MINIMUM_CALLS }, async (_, n) => {
      const body = orderOf('tok_ok', product.plenty);
      return (await place(token, `without-provider-${n}`, body)).body.id as string;
    }),
  );
  await expect.poll(breaker, WAIT).toBeGreaterThan(0);
  await sleep(SECONDS * 1_000);
  expect((await send('GET', '/products?limit=5')).status).toBe(200);
  await stopAll();
  for (const id of ids) expect((await waitForEnd(token, id)).status).toBe('completed');
  await expect.poll(breaker, WAIT).toBe(0);
}, 600_000);
