import { readFileSync } from 'node:fs';
import type { SigningKeyStatus } from '@fieldguide/platform-controller/keys/key-rotation';
import { Environment } from '@fieldguide/platform-host/environment';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { instances, platform, scale } from './running-platform.ts';
import { newCustomer, operatorToken, send } from './shop.ts';
import { Traffic } from './traffic.ts';

beforeAll(async () => {
  await scale('identity', 2);
  await scale('ordering', 2);
});
afterAll(async () => {
  await scale('identity', 1);
  await scale('ordering', 1);
});

const keyOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

it('rotates the signing key without a failed request', async () => {
  const before = await newCustomer();
  const traffic = new Traffic(inject('shop').gatewayUrl, 'rotation');
  await traffic.signIn();
  const ending = new AbortController();
  const outcome = traffic.run({ readsPerSecond: 10, ordersPerSecond: 4 }, ending.signal);
  const signIns = (async () => {
    const statuses: number[] = [];
    while (!ending.signal.aborted) {
      const token = await operatorToken();
      statuses.push((await send('GET', '/orders?limit=1', { token })).status);
      statuses.push((await send('GET', '/orders?limit=1', { token: before.token })).status);
    }
    return statuses;
  })();

  const [old] = await platform().call<SigningKeyStatus[]>('GET', '/keys');
  const keys = await platform().call<SigningKeyStatus[]>('POST', '/keys/rotations');
  expect(keys[0]).toMatchObject({ state: 'signs' });
  expect(keys[1]).toMatchObject({ state: 'previous', id: old!.id });
  const after = await newCustomer();
  expect([keyOf(before.token), keyOf(after.token)]).toEqual([keys[1]!.id, keys[0]!.id]);

  // Every instance of every app that serves orders accepts the tokens of both keys.
  for (const { url: origin } of await instances('ordering'))
    for (const { token } of [before, after])
      expect((await send('GET', '/orders', { token, origin })).status).toBe(200);
  ending.abort();
  expect((await outcome).failures).toEqual({});
  const statuses = await signIns;
  expect(statuses.length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status !== 200 && status !== 403)).toEqual([]);
});

it('shows no private key in settings and logs', async () => {
  const environment = new Environment('e2e');
  const path = '/apps/identity/settings';
  const all = await platform().call<Record<string, { value: string }>>('GET', path);
  expect(all['SIGNING_KEY']!.value).toBe('***');
  expect(readFileSync(environment.logFile('platform'), 'utf8')).not.toContain('PRIVATE');
});
