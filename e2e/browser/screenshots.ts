// `npm run screenshots`: takes the pictures of the docs. Needs the environment `local` to run.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';
import { openBrowser } from './browser.ts';

const shop = readState(new Environment('local'))?.gatewayUrl;
if (!shop) throw new Error('Nothing is running. Try: npm start');

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const cli = fileURLToPath(new URL('../../platform/cli/bin/fieldguide.mjs', import.meta.url));
mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1_280, height: 800 } });
const take = (name: string) => page.screenshot({ path: `${folder}${name}.png` });
const button = (name: string | RegExp) => page.getByRole('button', { name });

await page.goto(shop);
await page
  .getByText(/in stock$/)
  .last()
  .waitFor();
await take('shop');

await page.goto(`${shop}/shop/sign-in`);
await page.getByLabel('E-mail').fill('ada@fieldguide.test');
await page.getByLabel('Password').fill('outdoor-gear');
await button('Sign in').click();
await page.getByRole('link', { name: 'Account' }).waitFor();
await page.getByRole('link', { name: 'Products' }).click();
await page.getByRole('link', { name: 'Ridgeline 1 Tent' }).click();
await button('Add to cart').click();
await page.getByRole('link', { name: 'Go to the cart' }).click();
const address = {
  Name: 'Ada',
  'Street and number': '1 Main St',
  'Postal code': '3000',
  City: 'Bern',
};
for (const [label, value] of Object.entries(address)) await page.getByLabel(label).fill(value);
await page.getByLabel('Country').selectOption('CH');
await button(/^Place order/).click();
await page.locator('[data-status="completed"]').waitFor();
const orderId = page.url().split('/').at(-1)!;
await page.getByText('How this works').click();
await take('order');

const link = execFileSync(process.execPath, [cli, 'console', '--print'], { encoding: 'utf8' });
await page.goto(link.trim());
await page.getByRole('heading', { name: 'System' }).waitFor();
const { origin } = new URL(page.url());
await take('console-system');
await page.goto(`${origin}/console/map`);
// The spans of the order arrive within seconds.
await page.locator('[data-edge="payments → payment-provider"][data-look="ok"]').waitFor();
await take('console-map');

await page.goto(`${origin}/console/orders/${orderId}`);
await page.getByRole('link', { name: 'Trace in Lens' }).click();
await page.getByText('inventory: process').first().waitFor();
await take('trace');
await browser.close();
