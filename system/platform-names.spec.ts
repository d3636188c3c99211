import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { topics } from '@fieldguide/platform-model/derive';
import { describe, expect, it } from 'vitest';
import allowance from './platform-names.allowance.json' with { type: 'json' };
import { system } from './system.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const names = [...Object.keys(system.apps), ...topics(system).map(({ name }) => name)];
const pattern = new RegExp(`\\b(${names.join('|').replaceAll('.', '\\.')})\\b`, 'g');

/** Finds the names of apps and topics in a text. */
const namesIn = (text: string) => [...text.matchAll(pattern)].map(([name]) => name);

describe('the platform', () => {
  it('names apps and topics only where the allowance lists it, which only shrinks', () => {
    const files = globSync('platform/*/{src,bin}/**/*.{ts,mjs}', { cwd: root }).toSorted();
    const found = files.flatMap((file) => {
      const { length } = namesIn(readFileSync(`${root}${file}`, 'utf8'));
      return length > 0 ? [[file.replaceAll('\\', '/'), length] as const] : [];
    });
    expect(Object.fromEntries(found)).toEqual(allowance);
  });

  it('is caught when it names an app or a topic', () => {
    expect(namesIn("call('ordering', topic('payments.payments.v1')), reordering")).toEqual([
      'ordering',
      'payments',
      'payments',
    ]);
  });
});
