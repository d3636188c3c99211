import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { slowness } from '@fieldguide/clock/testing';
import type { Status } from '@fieldguide/platform-controller/status';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platform, scale } from './running-platform.ts';
import { newCustomer, operatorToken, orderOf, place, product, send, waitForEnd } from './shop.ts';

const REVOKED_WITHIN_MS = 5_000;

/** Every instance that checks tokens of customers, and a path that checks one there. */
let places: { name: string; origin: string; path: string }[];
beforeAll(async () => {
  await scale('gateway', 2);
  await platform().call('PATCH', '/apps/ordering', { instances: { web: 2, worker: 1 } });
  const { apps, gatewayUrl } = await platform().call<Status>('GET', '/status');
  const all = apps.flatMap(({ app, instances }) =>
    app === 'payment-provider' ? [] : instances.map((instance) => ({ ...instance, app })),
  );
  // A customer's token is refused with 403 where it counts, and with 401 where it does not.
  places = all.map(({ app, name, url }) => ({
    name,
    origin: url,
    path: app === 'gateway' ? '/orders' : '/dead-letters',
  }));
  places.push({ name: 'the public port', origin: gatewayUrl, path: '/orders' });
  expect(all.map(({ processes }) => processes)).toContain('web');
});
afterAll(async () => {
  await scale('gateway', 1);
  await scale('ordering', 1);
});

const statusAt = async ({ origin, path }: (typeof places)[number], token: string) =>
  (await send('GET', path, { token, origin })).status;

/** @returns how long the place accepts the token from now on */
async function acceptedForMs(place: (typeof places)[number], token: string): Promise<number> {
  const begun = performance.now();
  await expect
    .poll(() => statusAt(place, token), { timeout: REVOKED_WITHIN_MS * slowness(), interval: 20 })
    .toBe(401);
  return performance.now() - begun;
}

function revoke(client: string): string {
  const cli = fileURLToPath(new URL('../platform/cli/bin/fieldguide.mjs', import.meta.url));
  const args = [cli, 'clients', 'revoke', client, '--env', 'e2e'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return stdout + stderr;
}

describe('under load', () => {
  it('a signed-out token is refused by every instance of every app within 5 s, and no other is', async () => {
    const [leaving, staying] = await Promise.all(
      [6, 6].map((count) => Promise.all(Array.from({ length: count }, newCustomer))),
    );
    const seen: Record<string, number> = {};
    let isOver = false;
    const load = staying!.map(async ({ token }) => {
      while (!isOver)
        for (const place of places) {
          const key = `${place.path} ${await statusAt(place, token)}`;
          seen[key] = (seen[key] ?? 0) + 1;
        }
    });
    for (const { token } of leaving!)
      for (const place of places) expect(await statusAt(place, token)).not.toBe(401);

    const times = await Promise.all(
      leaving!.map(async ({ token }) => {
        expect((await send('DELETE', '/auth/tokens', { token })).status).toBe(204);
        return Promise.all(places.map((place) => acceptedForMs(place, token)));
      }),
    );
    isOver = true;
    await Promise.all(load);
    expect(Object.keys(seen).toSorted()).toEqual(['/dead-letters 403', '/orders 200']);
    const rounded = times.map((all) => all.map(Math.round).join(' '));
    console.log(
      `ms until each sign-out is refused at ${places.map(({ name }) => name).join(', ')}:\n${rounded.join('\n')}`,
    );
  });

  it('the revoked token of a client is refused by every instance, and its new one is not', async () => {
    const [before, own] = [await operatorToken(), await operatorToken()];
    const { apps } = await platform().call<Status>('GET', '/status');
    const origin = apps.find(({ app }) => app === 'identity')!.instances[0]!.url;
    const path = '/clients/operator/revocations';
    expect((await send('POST', path, { token: own, origin })).status).toBe(200);
    await Promise.all(places.map((place) => acceptedForMs(place, before)));
    const renewed = await operatorToken();
    for (const place of places) expect(await statusAt(place, renewed)).toBe(200);
  });

  it('the tokens of a service are revoked by a command, and it continues with a new one', async () => {
    const { token } = await newCustomer();
    expect(revoke('shipping')).toContain('The tokens of shipping are revoked');
    expect(revoke('nobody')).toContain('There is no such client.');
    const placed = await place(token, 'after-a-revocation', orderOf('tok_ok', product.plenty));
    expect((await waitForEnd(token, placed.body.id)).status).toBe('completed');
  });
});
