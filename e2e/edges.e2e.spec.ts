import { StorefrontClient } from '@fieldguide/contracts/shop/storefront';
import { appNames } from '@fieldguide/platform-host/apps';
import { consumes, type Edge, pactEdges, requests } from '@fieldguide/tools/contracts/edges';
import { expect, inject, it } from 'vitest';
import { instances, platform, scale, setSetting } from './running-platform.ts';
import { operatorToken, orderOf, product, send } from './shop.ts';

const JWKS = '/.well-known/jwks.json';
const password = 'correct horse';

/** Reads the edges from the metrics of all instances: client calls and handled messages. */
async function edgesSeen(operator: string): Promise<Set<Edge>> {
  const seen = new Set<Edge>();
  for (const app of appNames)
    for (const { url } of await instances(app)) {
      const { body: text } = await send('GET', '/metrics', { token: operator, origin: url });
      const calls = counted(text, 'http_client_request_duration_seconds_count');
      for (const { server_service_name: peer, url_template: route } of calls) {
        // Forwarded requests belong to the storefront; the gateway itself reads only the keys.
        const consumer = app === 'gateway' && route !== JWKS ? 'shop' : app;
        seen.add(requests(consumer, peer!, route!));
      }
      const handled = counted(text, 'messaging_process_duration_seconds_count');
      for (const { messaging_destination_name: topic, cloudevents_event_type: type } of handled)
        seen.add(consumes(app, topic!, type!));
    }
  return seen;
}

/** Returns the labels of a counter's non-zero series. */
function counted(text: string, counter: string): Record<string, string>[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${counter}{`));
  return lines
    .filter((line) => !line.endsWith(' 0'))
    .map((line) =>
      Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
      ),
    );
}

/** Whether a service consumes its own topic: not an edge between services. */
const isSelf = (edge: Edge) => {
  const [consumer, , provider] = edge.split(' ');
  return consumer === provider;
};

it('covers every edge that has a pact, and no other, in a tour of all features', async () => {
  // Restart: counters of earlier tests prove nothing, and cached keys and tokens cause no calls.
  for (const app of appNames) {
    await scale(app, 1);
    await platform().call('POST', `/apps/${app}/restarts`);
  }
  const { gatewayUrl } = inject('shop');
  const shop = new StorefrontClient(gatewayUrl);
  const operator = await operatorToken();
  const staff = new StorefrontClient(gatewayUrl, operator);
  const email = `edges-${process.pid}@fieldguide.test`;
  await shop.register({ email, password, name: 'Ed' });
  await shop.signIn({ grantType: 'password', email, password });

  let orders = 0;
  const buy = (token: string, ...productIds: string[]) =>
    shop.placeOrder(orderOf(token, ...productIds), `edges-${process.pid}-${++orders}`);
  const timeline = async (id: string) => (await shop.timeline(id)).items.map(({ type }) => type);
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

  // Each app verifies a token once, including those that rarely receive one.
  for (const app of appNames) {
    const [{ url }] = (await instances(app)) as unknown as [{ url: string }];
    await send('GET', '/dead-letters', { token: operator, origin: url });
  }
  await shop.signOut();
  await shop.signIn({ grantType: 'password', email, password });
  await shop.eraseMyAccount();

  const agreed = pactEdges();
  const missing = async () => {
    const seen = await edgesSeen(operator);
    return [...agreed].filter((edge) => !seen.has(edge));
  };
  await expect.poll(missing, { timeout: 90_000, interval: 500 }).toEqual([]);
  const seen = [...(await edgesSeen(operator))].filter((edge) => !isSelf(edge));
  expect(seen.filter((edge) => !agreed.has(edge))).toEqual([]);
}, 240_000);
