import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');

/** @returns the contrast of two tokens by WCAG 2.2, from 1 to 21 */
function contrast(theme: string, one: string, other: string): number {
  const [high, low] = [luminance(theme, one), luminance(theme, other)].toSorted((a, b) => b - a);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(theme: string, token: string): number {
  const [, hex] = new RegExp(`--${token}: #([0-9a-f]{6})`).exec(theme) ?? [];
  if (!hex) throw new Error(`--${token} has no colour`);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each([
  ['light', light],
  ['dark', dark],
])('in the %s theme', (_, theme) => {
  it.each(['paper', 'sheet'])('text is easy to read on %s', (ground) =>
    expect(contrast(theme, 'ink', ground)).toBeGreaterThan(12),
  );
  it.each(
    ['ink-2', 'pine', 'ochre', 'brick', 'lake'].flatMap((colour) => [
      [colour, 'paper'] as const,
      [colour, 'sheet'] as const,
    ]),
  )('%s is readable on %s', (colour, ground) =>
    expect(contrast(theme, colour, ground)).toBeGreaterThan(4.5),
  );
  it.each(['paper', 'sheet'])('edges of controls stand out on %s', (ground) =>
    expect(contrast(theme, 'edge', ground)).toBeGreaterThan(3),
  );
});
