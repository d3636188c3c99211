import { gzipSync } from 'node:zlib';
import { StorefrontClient } from '@fieldguide/storefront/api/storefront-client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openBrowser } from './browser/browser.ts';
import { setSetting } from './running-platform.ts';
import {
  newCustomer,
  operatorToken,
  orderOf,
  place,
  product,
  query,
  send,
  shipTo,
} from './shop.ts';
import { isFocused, Visit } from './storefront-visit.ts';

const GZIP_BYTES_MAX = 120_000;
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
  // Longer than the slow card and the retries for the flaky one.
  await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '10000');
});
afterAll(async () => {
  await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '20000');
  await browser.close();
});

const cards = [
  ['Silent card', 'rejected', 'Your bank did not answer in time.'],
  ['Good card', 'completed', 'Tracking number'],
  ['Slow card', 'completed', 'Tracking number'],
  ['Flaky card', 'completed', 'Tracking number'],
  ['Blocked card', 'rejected', 'Your bank declined the payment.'],
  ['Empty card', 'rejected', 'too little money'],
] as const;

it('lets a visitor find a tent, register, order with each test card, and erase the account', async () => {
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open('/');
  await page.getByRole('link', { name: 'Ridgeline 2 Tent' }).waitFor();
  await visit.examine();
  await page.getByLabel('Search products').fill('ridgeline 1');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Ridgeline 2 Tent' }).waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).click();
  await visit.heading('Ridgeline 1 Tent').waitFor();
  await page.getByText('Plenty in stock').waitFor();
  await visit.examine();
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.getByRole('link', { name: 'Go to the cart' }).click();
  await page.getByRole('link', { name: 'Sign in to order' }).click();
  await visit.examine();
  await page.getByRole('link', { name: 'Register' }).click();
  await page.getByRole('button', { name: 'Register' }).click();
  await expect.poll(() => page.getByLabel('Name').evaluate(isFocused)).toBe(true);
  await visit.examine();
  await visit.register();

  // Back at the cart, which was kept. An empty form is answered beside its fields.
  await page.getByRole('button', { name: /^Place order/ }).click();
  await expect.poll(() => page.getByLabel('Name').evaluate(isFocused)).toBe(true);
  await page.getByText('Enter the city.').waitFor();
  await visit.examine();
  const placed: string[] = [];
  for (const [card] of cards) {
    if (placed.length > 0) await visit.addToCart(product.plenty);
    placed.push(await visit.placeOrder(card));
  }
  for (const [index, [, status, words]] of cards.entries()) {
    await visit.open(`/shop/orders/${placed[index]}`);
    const events = await visit.watchUntil(status);
    expect(events[0]).toBe('Placed');
    await page.getByText(words).waitFor();
    if (status === 'rejected') await page.getByText('the goods are back on the shelf').waitFor();
  }
  await visit.open(`/shop/orders/${placed[1]}`);
  await page.getByText('Complete', { exact: true }).first().waitFor();
  expect(await visit.watchUntil('completed')).toEqual([
    'Placed',
    'Goods reserved',
    'Payment authorised',
    'Confirmed',
    'Dispatched',
    'Paid',
    'Complete',
  ]);
  await page.getByText('How this works').click();
  await page.getByRole('img', { name: 'OrderPlaced from ordering, StockReserved from' }).waitFor();
  await page.getByText('handled by ordering in apps/ordering/src/on-stock-reply/').waitFor();
  await visit.examine();
  await page.getByRole('link', { name: 'Orders' }).click();
  await expect.poll(() => page.locator('.orders li').count()).toBe(cards.length);
  await visit.examine();

  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByText('What stays').waitFor();
  await visit.examine();
  await page.getByLabel('I know that this is permanent.').check();
  await page.getByRole('button', { name: 'Erase my account' }).click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await visit.signIn();
  await page.getByText('do not match an account').waitFor();
  await visit.end();
});

it('shows where a customer is signed in, signs out elsewhere, and changes the password', async () => {
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open(`/shop/register?returnTo=${encodeURIComponent('/shop/orders')}`);
  await visit.register();
  const signIn = async (password: string) => {
    const body = { grantType: 'password', email: visit.email, password };
    return (await send('POST', '/auth/tokens', { body })).status;
  };
  for (let i = 0; i < 3; i++) expect(await signIn('correct horse')).toBe(200);
  await page.getByRole('link', { name: 'Account' }).click();
  const sessions = page.locator('.orders li');
  await expect.poll(() => sessions.count()).toBe(4);
  await page.getByText('this browser').waitFor();
  await visit.examine();

  const others = page.getByRole('button', { name: /^Sign out: An app or another program/ });
  await others.first().click();
  await page.getByText('Signed out: An app or another program.').waitFor();
  await expect.poll(() => sessions.count()).toBe(3);
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect.poll(() => sessions.count()).toBe(1);

  expect(await signIn('correct horse')).toBe(200);
  const change = async (from: string, to: string) => {
    await page.getByLabel('Current password').fill(from);
    await page.getByLabel('New password').fill(to);
    await page.getByRole('button', { name: 'Change my password' }).click();
  };
  await change('wrong horse', 'another horse');
  await page.getByText('The current password is not right.').waitFor();
  await change('correct horse', 'password');
  await page.getByText('Many people use this password').waitFor();
  await visit.examine();
  await change('correct horse', 'another horse');
  await page.getByText('Your password is changed.').waitFor();
  await expect.poll(() => sessions.count()).toBe(1);
  expect([await signIn('correct horse'), await signIn('another horse')]).toEqual([401, 200]);
  await visit.end();
});

it('sells and cancels by keyboard alone, and explains when a cancellation is too late', async () => {
  const { email } = await newCustomer();
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open('/');
  await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).waitFor();
  await visit.press('Enter', 'link', 'Skip to the content');
  await page.keyboard.press('Tab'); // past the header
  await expect.poll(() => page.getByLabel('Search products').evaluate(isFocused)).toBe(true);
  await page.keyboard.type('ridgeline 1');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Ridgeline 2 Tent' }).waitFor({ state: 'hidden' });
  await visit.press('Enter', 'link', 'Ridgeline 1 Tent');
  await visit.press('Space', 'button', 'Add to cart');
  await visit.press('Enter', 'link', 'Go to the cart');
  await visit.press('Enter', 'link', 'Sign in to order');
  await visit.typeInto('E-mail', email);
  await visit.typeInto('Password', 'correct horse');
  await page.keyboard.press('Enter');
  await visit.typeInto('Name', shipTo.name);
  await visit.typeInto('Street and number', shipTo.street);
  await visit.typeInto('Postal code', shipTo.postalCode);
  await visit.typeInto('City', shipTo.city);
  await visit.tabTo(page.getByLabel('Good card'));
  for (const _down of ['Blocked card', 'Empty card', 'Slow card'])
    await page.keyboard.press('ArrowDown');
  expect(await page.getByLabel('Slow card').isChecked()).toBe(true);
  await visit.press('Enter', 'button', /^Place order/);
  await visit.placedOrder();
  await visit.press('Space', 'button', 'Cancel this order');
  await visit.watchUntil('cancelled');
  await page.getByText('Order cancelled').waitFor();
  await page.getByText('What was reverted').waitFor();

  // The page receives no news of the order, so it still offers to cancel when the goods have left.
  await visit.addToCart(product.plenty);
  await setSetting('shipping', 'DISPATCH_DELAY_MS', '3000');
  await visit.placeOrder();
  await page.getByRole('button', { name: 'Cancel this order' }).waitFor();
  await page.route('**/orders/*', (route) => route.abort());
  await page.route('**/timeline', (route) => route.abort());
  await setSetting('shipping', 'DISPATCH_DELAY_MS', '1000');
  const [{ order_id: id }] = (await query<{ order_id: string }>(
    'ordering',
    'SELECT order_id FROM order_summary ORDER BY placed_at DESC LIMIT 1',
  )) as [{ order_id: string }];
  await expect
    .poll(async () => (await send('GET', `/orders/${id}`, { token: await operatorToken() })).body)
    .toMatchObject({ status: 'completed' });
  await page.getByRole('button', { name: 'Cancel this order' }).click();
  await page.getByText('It is too late to cancel').waitFor();
  await visit.end();
});

it('lets staff reprice, replenish and retire a product, and shows its sales', async () => {
  const staff = new StorefrontClient(inject('shop').gatewayUrl, await operatorToken());
  const added = await staff.addProduct({
    sku: `STAFF-${process.pid}`,
    name: 'Trail Map',
    description: 'Contour lines for everywhere.',
    category: 'kitchen',
    price: { amountMinor: 1_290, currency: 'EUR' },
  });
  const visit = await Visit.begin(browser);
  const { page } = visit;
  await visit.open(`/shop/register?returnTo=${encodeURIComponent('/shop/account')}`);
  await visit.register();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await query('identity', "UPDATE accounts SET kind = 'staff' WHERE email = $1", [visit.email]);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await visit.signIn();
  await page.getByRole('link', { name: 'Account' }).waitFor();

  await visit.open(`/shop/products/${added.id}`);
  await page.getByLabel('New price in EUR').fill('14.50');
  await page.getByRole('button', { name: 'Reprice' }).click();
  await page.getByText('The price is now €14.50.').waitFor();
  await page.getByLabel('Units to add').fill('7');
  await page.getByRole('button', { name: 'Replenish' }).click();
  await page.getByText('7 left').waitFor();

  // A customer buys two at the new price, and the sale is in the chart.
  const customer = await newCustomer();
  const orderedAt = 'SELECT price FROM product_prices WHERE product_id = $1';
  await expect
    .poll(() => query('ordering', orderedAt, [added.id]))
    .toEqual([{ price: { amountMinor: 1_450, currency: 'EUR' } }]);
  const order = await place(customer.token, 'two-trail-maps', orderOf('tok_ok', added.id));
  expect(order.body.total.amountMinor).toBe(2_900);
  await expect
    .poll(async () => {
      await page.getByRole('button', { name: 'Update' }).click();
      return page.getByRole('img', { name: /^2 units/ }).count();
    })
    .toBe(1);
  await page.getByRole('cell', { name: '€29.00' }).waitFor();
  await visit.examine();

  // A colleague was faster: nothing is overwritten, and the page shows what is true now.
  const { etag } = await staff.product(added.id);
  await staff.changeProduct(added.id, etag, { price: { amountMinor: 1_550, currency: 'EUR' } });
  await page.getByRole('button', { name: 'Reprice' }).click();
  await page.getByText('The product has changed since you opened it.').waitFor();
  await page.getByText('€15.50').waitFor();
  await page.getByRole('button', { name: 'Retire' }).click();
  await page.getByText('This product is no longer sold.').waitFor();
  expect((await staff.product(added.id)).retired).toBe(true);
  await visit.end();
});

it(`is at most ${GZIP_BYTES_MAX / 1_000} kB, compressed`, async () => {
  const origin = inject('shop').gatewayUrl;
  const html = await (await fetch(origin)).text();
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, file]) => file!);
  const texts = await Promise.all(files.map(async (file) => (await fetch(origin + file)).text()));
  expect(files.length).toBeGreaterThanOrEqual(2);
  const bytes = [html, ...texts].reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeLessThan(GZIP_BYTES_MAX);
});
