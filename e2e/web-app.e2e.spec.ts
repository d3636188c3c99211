import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openBrowser } from './browser/browser.ts';
import { instances, platform } from './running-platform.ts';

const page = new URL('../apps/storefront/index.html', import.meta.url);
const present = readFileSync(page, 'utf8');
let browser: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  writeFileSync(page, present);
  await browser.close();
});

const push = (body: { force?: true }) =>
  platform().call<{ fresh: boolean }>('POST', '/apps/storefront/pushes', body);

it('pushes and rolls back the files of the storefront, without a restart of the gateway', async () => {
  const tab = await browser.newPage();
  const faults: string[] = [];
  tab.on('pageerror', (error) => faults.push(error.message));
  tab.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
  const address = inject('shop').gatewayUrl;
  const serials = async () => (await instances('gateway')).map(({ name }) => name);
  const before = await serials();

  await tab.goto(address);
  await tab.getByRole('heading', { level: 1 }).waitFor();
  appendFileSync(page, '<!-- another version -->\n');
  await expect(push({})).rejects.toThrow(/The contract record/); // this environment has none
  expect(await push({ force: true })).toMatchObject({ fresh: true });
  expect(await (await fetch(address)).text()).toContain('another version');
  await tab.reload();
  await tab.getByRole('heading', { level: 1 }).waitFor();
  await platform().call('POST', '/apps/storefront/rollbacks', { force: true });
  expect(await (await fetch(address)).text()).not.toContain('another version');
  expect(await serials()).toEqual(before);
  expect(faults).toEqual([]);
});
