import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openBrowser } from './browser/browser.ts';
import { platform, scale } from './running-platform.ts';
import {
  ledger,
  newCustomer,
  operatorToken,
  orderOf,
  place,
  product,
  query,
  send,
  waitForEnd,
} from './shop.ts';
import { Visit } from './storefront-visit.ts';

/** The gateway stores no product that does not exist. */
const unstored = '/products/01900000-0000-7000-8000-00000000dead';
const productPath = `/shop/products/${product.plenty}`;
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

it('is browsed with earlier prices while the catalog is away', async () => {
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open(productPath);
  await visit.heading('Ridgeline 1 Tent').waitFor();
  await page.getByRole('link', { name: 'Products' }).click();
  await page.getByRole('link', { name: 'Basecamp 4 Tent' }).waitFor();
  await stopAnswering('catalog');
  await visit.open('/?query=tent');
  await page.getByText(/Prices from \d\d:\d\d, catalog is away/).waitFor();
  await page.getByRole('link', { name: 'Basecamp 4 Tent' }).waitFor();
  expect(await page.getByRole('link', { name: 'Gas Stove' }).count()).toBe(0);
  await visit.examine();
  await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).click();
  // From the gateway, which marks it when its stored response is no longer fresh.
  await expect
    .poll(async () => {
      await page.reload();
      await visit.heading('Ridgeline 1 Tent').waitFor();
      return page.getByText(/Prices from \d\d:\d\d, catalog is away/).count();
    })
    .toBe(1);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await scale('catalog', 1);
  await expect
    .poll(async () => {
      await page.reload();
      return page.getByText('Plenty in stock').count();
    })
    .toBe(1);
  await visit.end();
});

const busy = {
  status: 503,
  headers: { 'retry-after': '2', 'content-type': 'application/problem+json' },
  body: JSON.stringify({
    type: '/problems/ordering.checkoutOverloaded',
    title: 'Busy.',
    status: 503,
  }),
};

it('keeps cart and order while ordering is away, and places the order exactly once', async () => {
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open(`/shop/register?returnTo=${encodeURIComponent(productPath)}`);
  await visit.register();
  await visit.addToCart(product.plenty);
  await visit.fillAddress();
  await stopAnswering('ordering');
  await page.getByRole('button', { name: /^Place order/ }).click();
  const unknown = page.getByText('We could not find out whether your order arrived.');
  await unknown.waitFor({ timeout: 60_000 });
  await visit.examine();
  await page.reload();
  await unknown.waitFor();
  await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).waitFor();
  await scale('ordering', 1);
  await expect
    .poll(
      async () => {
        const again = page.getByRole('button', { name: 'Send the order again' });
        if (await again.isVisible()) await again.click();
        return page.url();
      },
      { timeout: 60_000, interval: 500 },
    )
    .toMatch(/\/shop\/orders\/./);
  const first = await visit.placedOrder();

  // First the shop is busy, and the order is sent again by itself. Then it arrives, and its answer is lost twice: the third
  // one with the same key finds it.
  await visit.addToCart(product.plenty);
  await visit.fillAddress();
  const keys: string[] = [];
  await page.route('**/orders', async (route) => {
    keys.push(route.request().headers()['idempotency-key'] ?? '');
    if (keys.length === 1) return route.fulfill(busy);
    const response = await route.fetch();
    return keys.length <= 3 ? route.abort() : route.fulfill({ response });
  });
  await page.getByRole('button', { name: /^Place order/ }).click();
  await page.getByText('The shop is busy: your order is not placed yet.').waitFor();
  await visit.examine();
  await unknown.waitFor();
  await page.getByRole('button', { name: 'Send the order again' }).click();
  await page.getByText('We have tried 2 times.').waitFor();
  await page.getByRole('button', { name: 'Send the order again' }).click();
  const second = await visit.placedOrder();
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);

  await visit.watchUntil('completed');
  await page.getByText('Cart 0').waitFor();
  await page.unroute('**/orders');
  await page.getByRole('link', { name: 'Orders' }).click();
  const listed = page.locator('.orders a');
  await expect.poll(() => listed.count()).toBe(2);
  const hrefs = await listed.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(hrefs).toEqual([second, first].map((id) => `/shop/orders/${id}`));
  expect(await capturesOf(second)).toBe(1);
  await visit.end();
});

it('shows that a session has ended, and returns to the checkout', async () => {
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open(`/shop/register?returnTo=${encodeURIComponent(productPath)}`);
  const signedIn = page.waitForResponse('**/auth/tokens');
  await visit.register();
  const { accessToken: token } = await (await signedIn).json();
  await visit.addToCart(product.plenty);
  await visit.fillAddress();
  expect((await send('DELETE', '/auth/tokens', { token })).status).toBe(204);
  await expect.poll(async () => (await send('GET', '/orders', { token })).status).toBe(401);
  await page.getByRole('button', { name: /^Place order/ }).click();
  await page.getByText('Your session has ended.').waitFor();
  await page.getByRole('link', { name: 'Sign in to order' }).click();
  await visit.signIn();
  await page.getByRole('button', { name: 'Send the order again' }).click();
  await visit.placedOrder();
  await visit.end();
});

it('keeps one session in two tabs whose tokens expire at the same time', async () => {
  const visit = await Visit.begin(browser);
  await visit.open(`/shop/register?returnTo=${encodeURIComponent('/shop/orders')}`);
  await visit.register();
  const other = await visit.context.newPage();
  await other.goto('/shop/orders');
  await other.getByText('You have not ordered anything yet.').waitFor();
  const refreshes: string[] = [];
  visit.context.on('request', (request) => {
    if (request.url().endsWith('/auth/tokens')) refreshes.push(request.postData() ?? '');
  });
  const tabs = [visit.page, other];
  const later = Date.now() + 11 * 60_000;
  for (const tab of tabs) {
    await tab.clock.setFixedTime(later);
    await tab.getByRole('link', { name: 'Account' }).click();
  }
  await Promise.all(tabs.map((tab) => tab.getByRole('link', { name: 'Orders' }).click()));
  await expect.poll(() => refreshes.length).toBe(2);
  for (const tab of tabs) await tab.getByText('You have not ordered anything yet.').waitFor();
  expect(new Set(refreshes).size).toBe(2);

  // Signing out in one tab signs out the other.
  await other.getByRole('link', { name: 'Account' }).click();
  await other.getByRole('button', { name: 'Sign out' }).click();
  await visit.page.getByRole('link', { name: 'Sign in' }).first().waitFor();
  await visit.end();
});

it("shows what it has while offline, and nothing of another customer's order", async () => {
  const visit = await Visit.begin(browser);
  const { page, context } = visit;
  const stranger = await newCustomer();
  const theirs = await place(stranger.token, 'not-yours', orderOf('tok_ok', product.plenty));
  await waitForEnd(stranger.token, theirs.body.id);
  await visit.open(`/shop/register?returnTo=${encodeURIComponent('/')}`);
  await visit.register();
  await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).waitFor();
  await context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).waitFor();
  await context.setOffline(false);
  await page.getByText('You are offline.').waitFor({ state: 'hidden' });
  await visit.open(`/shop/orders/${theirs.body.id}`);
  await page.getByText('There is no such order among yours.').waitFor();
  await visit.examine();
  await visit.end();
});

/** Keeps a service from answering: its workers run on, no instance of it serves requests. */
async function stopAnswering(app: string): Promise<void> {
  await platform().call('PATCH', `/apps/${app}`, { instances: { web: 0, worker: 1 } });
  const probe = app === 'catalog' ? unstored : '/orders';
  const token = await operatorToken();
  const isAway = async () => (await send('GET', probe, { token })).status === 503;
  await vi.waitUntil(isAway, { timeout: 60_000, interval: 100 });
}

async function capturesOf(orderId: string): Promise<number> {
  const [payment] = await query<{ payment_id: string }>(
    'payments',
    'SELECT payment_id FROM payments WHERE order_id = $1',
    [orderId],
  );
  const all = await ledger();
  return all.filter(
    ({ paymentId, kind }) => paymentId === payment!.payment_id && kind === 'capture',
  ).length;
}
