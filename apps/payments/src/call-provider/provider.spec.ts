import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '@fieldguide/clock';
import { operate } from '@fieldguide/contracts/payment-provider/examples';
import { Policies } from '@fieldguide/resilience';
import { Health } from '@fieldguide/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpProvider } from './provider.ts';

// The real policy, with a short time limit and a short time until the trial call.
const SHORT = 'payment-provider:timeoutMs=100,payment-provider:resetAfterMs=200';

let server: Server;
let answer: RequestListener;
let received = 0;
let health: Health;
let policies: Policies;
let provider: HttpProvider;
beforeEach(async () => {
  [received, health] = [0, new Health()];
  server = createServer((request, response) => {
    received += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  policies = new Policies(new SystemClock(), health, () => SHORT);
  const config = { PAYMENT_PROVIDER_URL: `http://127.0.0.1:${port}`, PROVIDER_API_KEY: 'key' };
  provider = new HttpProvider(config as never, policies);
});
afterEach(() => {
  policies.close();
  server.closeAllConnections();
  server.close();
});
const frozen: RequestListener = () => undefined;
const approving: RequestListener = (_, response) => response.end('{"outcome":"approved"}');
const pay = () => provider.operate(operate.value);
const state = async () => (await health.report()).status;

it('opens its breaker within ten calls to a frozen provider, and closes it when the provider is back', async () => {
  answer = frozen;
  const calls = Array.from({ length: 10 }, () => pay());
  const results = await Promise.allSettled(calls);
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  expect(await state()).toBe('degraded');
  await expect(pay()).rejects.toMatchObject({ shortCircuited: true });
  expect(received).toBeLessThanOrEqual(10);

  answer = approving;
  await expect.poll(() => pay().catch(() => undefined)).toEqual({ outcome: 'approved' });
  expect(await state()).toBe('ok');
  expect(await pay()).toEqual({ outcome: 'approved' });
});

it('stays closed while the provider answers the others: one payment is never answered', async () => {
  answer = (request, response) => (received % 2 ? frozen : approving)(request, response);
  for (let i = 0; i < 8; i++) await pay().catch(() => undefined);
  expect(await state()).toBe('ok');
});
