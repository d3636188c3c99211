import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { accessibilityFaults } from './browser/browser.ts';
import { shipTo } from './shop.ts';

const password = 'correct horse';
const STOPS_MAX = 60;
let visitors = 0;

/** One browser profile at the storefront: what a visitor does there, in the words of the pages. */
export class Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly email = `visitor-${process.pid}-${++visitors}@fieldguide.test`;
  /** Errors of scripts and policies; requests that fail on purpose are not among them. */
  readonly faults: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', ({ message }) => this.faults.push(message));
    page.on('console', (line) => {
      const isFailedRequest = line.text().startsWith('Failed to load resource');
      if (line.type() === 'error' && !isFailedRequest) this.faults.push(line.text());
    });
  }

  static async begin(browser: Browser): Promise<Visit> {
    const context = await browser.newContext({ baseURL: inject('shop').gatewayUrl });
    return new Visit(context, await context.newPage());
  }

  open(path: string) {
    return this.page.goto(path);
  }

  heading(name: string | RegExp) {
    return this.page.getByRole('heading', { level: 1, name });
  }

  async register(): Promise<void> {
    await this.page.getByLabel('Name').fill('Bo');
    await this.page.getByLabel('E-mail').fill(this.email);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Register' }).click();
    await this.page.getByRole('link', { name: 'Account' }).waitFor();
  }

  async signIn(email = this.email): Promise<void> {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  async addToCart(productId: string): Promise<void> {
    await this.open(`/shop/products/${productId}`);
    await this.page.getByRole('button', { name: 'Add to cart' }).click();
    await this.page.getByRole('link', { name: 'Go to the cart' }).click();
  }

  async fillAddress(): Promise<void> {
    await this.page.getByLabel('Name').fill(shipTo.name);
    await this.page.getByLabel('Street and number').fill(shipTo.street);
    await this.page.getByLabel('Postal code').fill(shipTo.postalCode);
    await this.page.getByLabel('City').fill(shipTo.city);
    await this.page.getByLabel('Country').selectOption(shipTo.country);
  }

  /** Moves the focus forward to an element by Tab. Each stop on the way shows that it has the focus. */
  async tabTo(target: Locator): Promise<void> {
    await target.waitFor();
    for (let stops = 0; stops < STOPS_MAX; stops++) {
      await this.page.keyboard.press('Tab');
      expect(await this.page.evaluate(outlinePx), await this.page.evaluate(focused)).toBe(3);
      if (await target.evaluate(isFocused)) return;
    }
    throw new Error(`Tab does not reach ${target}`);
  }

  /** Types into the field with this label, after Tab has reached it. */
  async typeInto(label: string, text: string): Promise<void> {
    await this.tabTo(this.page.getByLabel(label));
    await this.page.keyboard.type(text);
  }

  /** Presses a key on the button or link with this name, after Tab has reached it. */
  async press(key: 'Enter' | 'Space', role: 'button' | 'link', name: string | RegExp) {
    await this.tabTo(this.page.getByRole(role, { name }));
    await this.page.keyboard.press(key);
  }

  /** Orders what is in the cart. @returns the order's id */
  async placeOrder(card = 'Good card'): Promise<string> {
    await this.fillAddress();
    await this.page.getByLabel(card).check();
    await this.page.getByRole('button', { name: /^Place order, €/ }).click();
    return this.placedOrder();
  }

  async placedOrder(): Promise<string> {
    await this.page.waitForURL(/\/shop\/orders\/[0-9a-f-]+$/);
    return this.page.url().split('/').at(-1)!;
  }

  /** Watches the open order until it has this status. @returns the words of its events */
  async watchUntil(status: string): Promise<string[]> {
    await this.page.locator(`[data-status="${status}"]`).waitFor({ timeout: 90_000 });
    return this.page.locator('.events .words').allTextContents();
  }

  /** Asserts that the page is accessible and fits, wide and light as well as narrow and dark. */
  async examine(): Promise<void> {
    for (const [width, colorScheme] of [
      [1440, 'light'],
      [360, 'dark'],
    ] as const) {
      await this.page.setViewportSize({ width, height: 800 });
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const at = `${this.page.url()} at ${width} px`;
      expect(await accessibilityFaults(this.page), at).toEqual([]);
      const scrollWidth = await this.page.evaluate('document.documentElement.scrollWidth');
      expect(scrollWidth, at).toBeLessThanOrEqual(width);
    }
  }

  async end(): Promise<void> {
    expect(this.faults).toEqual([]);
    await this.context.close();
  }
}

const outlinePx = `(({ outlineStyle, outlineWidth }) =>
  outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth))(getComputedStyle(document.activeElement))`;
const focused = 'document.activeElement.outerHTML.slice(0, 100)';

export const isFocused = (element: unknown) =>
  element ===
  (globalThis as unknown as { document: { activeElement: unknown } }).document.activeElement;
