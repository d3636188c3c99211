import type { InstanceStatus } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { StorefrontClient } from '@fieldguide/storefront/api/storefront-client';
import { consumes, type Edge, pactEdges, requests } from '@fieldguide/tools/contracts/edges';
import { expect, inject, it, onTestFinished } from 'vitest';
import { instances, platform, setSetting } from './running-platform.ts';
import { operatorToken, orderOf, product, send } from './shop.ts';
import { appEdges, edgesInSpans, expectedSignals, seenSignals } from './signals.ts';

const JWKS = '/.well-known/jwks.json';
const password = 'correct horse';

/** A value of each series of all instances: `app pid name{labels}`. */
type Reading = ReadonlyMap<string, number>;

async function readMetrics(operator: string): Promise<Reading> {
  const values = new Map<string, number>();
  for (const app of appNames)
    for (const { pid, url } of await instances(app)) {
      const { body } = await send('GET', '/metrics', { token: operator, origin: url });
      for (const [, series, value] of (body as string).matchAll(/^(\w+(?:\{.*\})?) (\S+)$/gm))
        values.set(`${app} ${pid} ${series}`, Number(value));
    }
  return values;
}

/** Returns the edges whose counters have grown since an earlier reading: client calls and handled messages. */
function edgesBetween(earlier: Reading, now: Reading): Set<Edge> {
  const grown = [...now].filter(([series, value]) => value > (earlier.get(series) ?? 0));
  return new Set(
    grown.flatMap(([series]) => {
      const [app, , name] = series.split(/[ {]/, 3) as [string, string, string];
      const labels = Object.fromEntries(
        [...series.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value!]),
      );
      const { server_service_name: peer, url_template: route } = labels;
      const { messaging_destination_name: topic, cloudevents_event_type: type } = labels;
      // Forwarded requests belong to the storefront; the gateway itself reads only the keys.
      const consumer = app === 'gateway' && route !== JWKS ? 'shop' : app;
      if (name === 'http_client_request_duration_seconds_count')
        return [requests(consumer, peer!, route!)];
      if (name === 'messaging_process_duration_seconds_count')
        return [consumes(app, topic!, type!)].filter((edge) => !isSelf(edge));
      return [];
    }),
  );
}

/** The names of the metrics with a value, by app. */
const metricNames = (reading: Reading) =>
  new Map(
    appNames.map((app) => {
      const own = [...reading].filter(([key, value]) => value > 0 && key.startsWith(`${app} `));
      return [app, new Set(own.map(([key]) => key.split(/[ {]/, 3)[2]!))];
    }),
  );

/** Whether a service consumes its own topic: not an edge between services. */
const isSelf = (edge: Edge) => {
  const [consumer, , provider] = edge.split(' ');
  return consumer === provider;
};

const absent = <Value>(expected: Iterable<Value>, seen: ReadonlySet<Value>) =>
  [...expected].filter((each) => !seen.has(each));

it('covers every edge that has a pact, and no other, in a tour of all features; each app shows its signals', async () => {
  const operator = await operatorToken();
  const sinceMs = Date.now();
  const before = await readMetrics(operator);
  // A cached token causes no call.
  await platform().call('POST', '/apps/shipping/restarts');
  for (const app of appNames) await setSetting(app, 'LOG_LEVEL', 'debug');
  onTestFinished(async () => {
    for (const app of appNames) await platform().call('DELETE', `/apps/${app}/settings/LOG_LEVEL`);
  });
  const { gatewayUrl } = inject('shop');
  const shop = new StorefrontClient(gatewayUrl);
  const staff = new StorefrontClient(gatewayUrl, operator);
  const email = `edges-${process.pid}@fieldguide.test`;
  await shop.register({ email, password, name: 'Ed' });
  await shop.signIn({ grantType: 'password', email, password });

  let orders = 0;
  const buy = (token: string, ...productIds: string[]) =>
    shop.placeOrder(orderOf(token, ...productIds), `edges-${process.pid}-${++orders}`);
  const timeline = async (id: string) => (await shop.timeline(id))!.items.map(({ type }) => type);
  const until = (id: string, type: string) =>
    expect.poll(() => timeline(id), { timeout: 90_000, interval: 200 }).toContain(type);

  // Catalog and stock.
  const sku = `EDGES-${process.pid}`;
  const price = { amountMinor: 1_000, currency: 'EUR' };
  const texts = { name: 'Edge', description: 'An edge.', category: 'sleep' as const };
  const added = await staff.addProduct({ sku, ...texts, price });
  await shop.products({ category: 'sleep' });
  const { etag } = await shop.product(added.id);
  await staff.changeProduct(added.id, etag, { retired: true });
  await staff.replenish(product.plenty, 5, `edges-${process.pid}`);
  await shop.availability(product.plenty);

  // Outcomes of an order: completed, out of stock, payment declined, payment retried, cancelled early and late.
  const completed = await buy('tok_ok', product.plenty);
  await until(completed.id, 'OrderCompleted');
  await until((await buy('tok_ok', product.none)).id, 'OrderRejected');
  await until((await buy('tok_declined', product.plenty)).id, 'StockReleased');
  await until((await buy('tok_flaky', product.plenty)).id, 'OrderCompleted');
  const early = await buy('tok_timeout', product.plenty);
  await until(early.id, 'StockReserved');
  await shop.cancel(early.id);
  await until(early.id, 'PaymentVoided');
  await setSetting('shipping', 'DISPATCH_DELAY_MS', '20000');
  const late = await buy('tok_ok', product.plenty);
  await until(late.id, 'OrderConfirmed');
  await shop.cancel(late.id);
  await until(late.id, 'OrderCancelled');
  await setSetting('shipping', 'DISPATCH_DELAY_MS', '1000');
  await expect(buy('tok_ok', '01900000-0000-7000-8000-00000000dead')).rejects.toMatchObject({
    problem: { type: '/problems/ordering.productNotFound' },
  });
  await shop.orders();
  await shop.order(completed.id);
  const today = new Date().toISOString().slice(0, 10);
  await staff.sales({ from: today, to: today });

  // An access token of an unknown key makes each app read the keys again.
  const header = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"unknown"}').toString(
    'base64url',
  );
  for (const app of appNames) {
    const [{ url }] = (await instances(app)) as [InstanceStatus];
    for (const path of ['/dead-letters/redrives', '/orders'])
      await send('POST', path, { token: `${header}.e30.e30`, origin: url });
  }
  await new StorefrontClient(gatewayUrl).signIn({ grantType: 'password', email, password });
  const others = (await shop.sessions()).items.filter(({ isCurrent }) => !isCurrent);
  await shop.endSession(others[0]!.id);
  await shop.endOtherSessions();
  const newPassword = `${password} again`;
  await shop.changePassword({ currentPassword: password, newPassword });
  await shop.signOut();
  await shop.signIn({ grantType: 'password', email, password: newPassword });
  await shop.eraseMyAccount();

  const agreed = pactEdges();
  const patience = { timeout: 90_000, interval: 1_000 };
  const seen = async () => edgesBetween(before, await readMetrics(operator));
  await expect.poll(async () => absent(agreed, await seen()), patience).toEqual([]);
  expect(absent(await seen(), agreed)).toEqual([]);

  const inSpans = () => edgesInSpans(sinceMs);
  await expect.poll(async () => absent(appEdges(agreed), await inSpans()), patience).toEqual([]);
  expect(absent(await inSpans(), appEdges(agreed))).toEqual([]);

  const shown = async () => seenSignals(sinceMs, metricNames(await readMetrics(operator)));
  await expect.poll(shown, patience).toEqual(expectedSignals(agreed));
}, 240_000);
