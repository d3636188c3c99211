import { randomUUID } from 'node:crypto';
import { appendFileSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { slowness } from '@fieldguide/clock/testing';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { webFolderOf } from '@fieldguide/platform-controller/web-files';
import { Environment } from '@fieldguide/platform-host/environment';
import { Kafka, logLevel } from 'kafkajs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { accessibilityFaults, openBrowser } from './browser/browser.ts';
import { instances, platform } from './running-platform.ts';
import { newCustomer, orderOf, place, product, query, waitForEnd } from './shop.ts';

let browser: Browser;
let page: Page;
let origin: string;
let customer: Awaited<ReturnType<typeof newCustomer>>;
let orderId: string;
const errors: string[] = [];
beforeAll(async () => {
  browser = await openBrowser();
  page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', ({ message }) => errors.push(message));
  const { url } = await platform().call<{ url: string }>('POST', '/console/codes');
  origin = new URL(url).origin;
  await page.goto(url);
  await page.getByRole('heading', { name: 'System' }).waitFor();
  customer = await newCustomer();
});
afterAll(() => browser.close());

const open = async (path: string) => {
  await page.goto(`${origin}/console/${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
};
const click = (name: string | RegExp) => page.getByRole('button', { name }).click();
const toast = (text: string | RegExp) => page.getByRole('status').getByText(text).first().waitFor();
const WAIT = { timeout: 120_000, interval: 500 };
/** Calls the shop, so that there is traffic, and returns how the map shows an edge. */
const lookAfterCalls = async (edge: string) => {
  const calls = Array.from({ length: 20 }, () => fetch(`${inject('shop').gatewayUrl}/products`));
  await Promise.all(calls);
  return page.locator(`[data-edge="${edge}"]`).getAttribute('data-look');
};
const sequence = () => page.getByRole('region', { name: 'Sequence of messages' });
const placeOrder = async (token: string) =>
  (await place(customer.token, randomUUID(), orderOf(token, product.plenty))).body.id as string;

describe('the console', () => {
  it('needs the cookie: a used link opens nothing, and scripts cannot read it', async () => {
    const other = await browser.newContext();
    const tab = await other.newPage();
    await tab.goto(`${origin}/console/map`);
    await tab.getByRole('heading', { name: 'Signed out' }).waitFor();
    await tab.goto(`${origin}/console/sign-in#code=used-before`);
    await tab.getByText('expired or was used before').waitFor();
    await other.close();
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('starts and stops a fault: a bar in every view, and a red edge on the map', async () => {
    await open('faults');
    await page.getByLabel('Kind').selectOption('http-error');
    await page.locator('select[name="target"]').selectOption('catalog');
    await click('Start');
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
    await page.getByRole('button', { name: /^Stop fault/ }).waitFor();
    await open('map');
    await page.getByText(/^A fault is active: .*catalog/).waitFor();
    await expect.poll(() => lookAfterCalls('shop → gateway'), WAIT).toBe('errors');
    await open('faults');
    await click(/^Stop fault/);
    await page.getByText('No fault is active.').waitFor();
    await page.getByText(/^A fault is active/).waitFor({ state: 'detached' });
  });

  it('scales an app, and shows a killed instance return', async () => {
    await open('system?app=shipping');
    await click('Add an instance of shipping');
    const second = page.locator('[data-instance="shipping/2"]');
    await second.getByText('● ok').waitFor();
    await toast('shipping runs 2 instances');
    await click('Actions on shipping/2');
    await click('Kill');
    await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click();
    await second.getByText('1 restart').waitFor();
    await second.getByText('● ok').waitFor();
    await click('Remove an instance of shipping');
    await second.waitFor({ state: 'detached' });
    expect(await instances('shipping')).toHaveLength(1);
  });

  it('shows an order as a sequence with source lines, and its stream with the state', async () => {
    orderId = await placeOrder('tok_ok');
    await waitForEnd(customer.token, orderId);
    await open('orders');
    await page.getByTitle(orderId).click();
    for (const text of ['AuthorisePayment', /^place-order.controller.ts:/])
      await sequence().getByText(text).first().waitFor();
    await page.getByRole('cell', { name: 'OrderCompleted' }).waitFor();
    await page.getByText('● completed').first().waitFor();
  });

  it('abandons an open checkout', async () => {
    const id = await placeOrder('tok_timeout');
    await open(`orders/${id}`);
    await click('Abandon');
    await page.getByRole('dialog').getByRole('button', { name: 'Abandon' }).click();
    await page.getByText('rejected (abandoned)').waitFor();
  });

  it('shows the warning of a request as it is logged', async () => {
    await open('logs?app=payments&level=warn');
    const id = await placeOrder('tok_timeout');
    const sql = 'SELECT payment_id AS id FROM payments WHERE order_id = $1';
    const payment = async () => (await query<{ id: string }>('payments', sql, [id]))[0]?.id;
    await vi.waitUntil(payment, { timeout: 30_000, interval: 100 });
    await page.getByLabel('Text').fill((await payment())!);
    await page.locator('.log-line').first().waitFor();
    expect(page.url()).toContain(`text=${await payment()}`);
  });

  it('stays responsive under 10,000 lines a second, and counts while it is paused', async () => {
    await open('logs?app=stage');
    const file = new Environment('e2e').logFile('stage');
    let count = 0;
    const write = (lines: number) => {
      const line = () =>
        `{"level":"info","time":"${new Date().toISOString()}","msg":"burst-${++count}"}\n`;
      appendFileSync(file, Array.from({ length: lines }, line).join(''));
    };
    const timer = setInterval(() => write(1_000), 100);
    await page
      .getByText(/burst-\d+/)
      .first()
      .waitFor();
    const startMs = performance.now();
    await click('Pause');
    await page.getByRole('button', { name: /Continue \(\d{3,} new\)/ }).waitFor();
    expect(performance.now() - startMs).toBeLessThan(3_000 * slowness());
    clearInterval(timer);
    await click(/Continue/);
    await page.getByText(`burst-${count}`, { exact: true }).waitFor();
  });

  it('redrives a letter, and the order behind it completes', async () => {
    const kafka = new Kafka({
      clientId: 'console',
      ...brokerSettings(inject('shop').kafka),
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer();
    await producer.connect();
    const id = await placeOrder('tok_slow');
    const rows = (sql: string) => query<{ status: string }>('payments', sql, [id]);
    const isAuthorising = async () =>
      (await rows('SELECT status FROM payments WHERE order_id = $1'))[0]?.status === 'authorising';
    await vi.waitUntil(isAuthorising, { timeout: 30_000, interval: 50 });
    // Too early: there is nothing to capture yet. The order's own command waits behind this one.
    const early = {
      specversion: '1.0',
      id: randomUUID(),
      source: '/ordering',
      type: 'CapturePayment',
      subject: id,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      data: { orderId: id },
      correlationid: randomUUID(),
    };
    const messages = [{ key: id, value: JSON.stringify(early) }];
    await producer.send({ topic: 'e2e.payments.requests.v1', messages });
    await producer.disconnect();
    const isWaiting = async () =>
      (await rows('SELECT FROM dead_letters WHERE key = $1')).length === 2;
    await vi.waitUntil(isWaiting, { timeout: 60_000, interval: 100 });
    await open('dead-letters?app=payments');
    await page.getByText('CapturePayment').first().waitFor();
    await page.getByRole('button', { name: 'Redrive' }).first().click();
    await toast('2 redriven');
    await page.getByText('No dead letters.').waitFor();
    expect((await waitForEnd(customer.token, id)).status).toBe('completed');
  });

  it('pauses, resumes and rebuilds a projection', async () => {
    await open('projections');
    await click('Pause order-summary');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/paused since/).waitFor();
    await click('Resume order-summary');
    await page.getByRole('button', { name: 'Pause order-summary' }).waitFor();
    await click('Rebuild order-summary');
    await toast('Projection order-summary is rebuilt');
  });

  it('changes a setting while the app runs, and unsets it', async () => {
    await open('settings?app=shipping&key=DISPATCH');
    await click('Change DISPATCH_DELAY_MS');
    await page.getByLabel('New value of DISPATCH_DELAY_MS').fill('1234');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: '1234' }).waitFor();
    await page.getByRole('cell', { name: 'Consul, shipping' }).waitFor();
    await click('Unset DISPATCH_DELAY_MS');
    await page.getByRole('cell', { name: '1234' }).waitFor({ state: 'detached' });
  });

  it('shows what pacts cover on the map, and a node by keyboard', async () => {
    await open('map');
    const node = page.getByRole('button', { name: /^service payments, 1 instances, ok/ });
    await node.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Selected: payments' }).waitFor();
    expect(page.url()).toContain('select=payments');
    const edge = page.getByRole('button', { name: 'payments → payment-provider' });
    expect(await page.getByRole('row').filter({ has: edge }).textContent()).toContain('covered');
  });

  it('reports that the platform is away, and continues without a reload', async () => {
    await open('system');
    await page.context().setOffline(true);
    await page.getByText('The platform is away.').waitFor();
    await page.context().setOffline(false);
    await page.getByText('The platform is away.').waitFor({ state: 'detached' });
  });

  it('has no accessibility fault in any view, menu or dialog, light and dark', async () => {
    const found: string[] = [];
    const examine = async (name: string, tab = page) => {
      await tab.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      const faults = await accessibilityFaults(tab);
      await tab.emulateMedia({ colorScheme: 'dark' }); // other colours, and nothing else
      faults.push(...(await accessibilityFaults(tab, 'color-contrast')));
      for (const fault of faults) found.push(`${name}: ${fault}`);
    };
    const links = page.getByRole('navigation').getByRole('link');
    for (let at = 0; at < (await links.count()); at++) {
      await links.nth(at).click();
      const name = (await links.nth(at).textContent())!;
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      await examine(name);
    }
    await open(`orders/${orderId}`);
    await sequence().waitFor();
    await examine('an order');
    await open('system');
    await click('Actions on shipping/1');
    await examine('a menu');
    await click('Kill');
    await page.getByRole('dialog').waitFor();
    await examine('a dialog');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const visitor = await browser.newContext();
    const tab = await visitor.newPage();
    await tab.goto(`${origin}/console/sign-in#code=used-before`);
    await tab.getByText('expired or was used before').waitFor();
    await examine('the sign-in', tab);
    await visitor.close();
    expect(found).toEqual([]);
  });

  it('loads no more than 220 kB, compressed', () => {
    const folder = webFolderOf(new Environment('e2e'), 'platform')!;
    const files = globSync('assets/*.gz', { cwd: folder });
    const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    console.log(`console: ${Math.round(bytes / 1_000)} kB gzip`);
    expect(files.length).toBeGreaterThan(1);
    expect(bytes).toBeLessThan(220_000);
  });

  it('shows the edge green again, as soon as its last error is older than the period', async () => {
    await open('map?seconds=10');
    await expect.poll(() => lookAfterCalls('shop → gateway'), WAIT).toBe('ok');
  });

  it('signs out', async () => {
    await click('Sign out');
    await page.getByRole('heading', { name: 'Signed out' }).waitFor();
    expect(errors).toEqual([]);
  });
});
