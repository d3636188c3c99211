import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { lockedChromium } from './chromium.ts';

/**
 * Opens a headless browser: the program that FIELDGUIDE_BROWSER names, the Chromium of tools/browser on Linux, or the
 * Chrome that is installed.
 */
export async function openBrowser(): Promise<Browser> {
  const args = ['--disable-dev-shm-usage', '--disable-gpu', ...(isRoot() ? ['--no-sandbox'] : [])];
  const named = process.env.FIELDGUIDE_BROWSER;
  if (named) return chromium.launch({ executablePath: named, args });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return chromium.launch({ channel: 'chrome', args });
  const { executablePath, env } = lockedChromium();
  return chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
}

/** Chromium's sandbox does not start as root, as in a container. */
const isRoot = () => process.getuid?.() === 0;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Returns what axe-core finds on a page by the rules of WCAG 2.2 AA, a line each: the rule, the element.
 * @param rule only this one
 */
export async function accessibilityFaults(page: Page, rule?: string): Promise<string[]> {
  await page.evaluate(axe); // not as a script element: the page's policy allows no inline script
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const runOnly = only ? [only] : { type: 'tag' as const, values };
    const { violations } = await axe.run({ runOnly });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, rule);
}
