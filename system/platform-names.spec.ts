import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { topics } from '@fieldguide/platform-model/derive';
import { describe, expect, it } from 'vitest';
import { system } from './system.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const kinds = new Set<string>(Object.values(system.apps).map(({ kind }) => kind));
const names = [...Object.keys(system.apps), ...topics(system).map(({ name }) => name)];
const pattern = new RegExp(
  `(?<![A-Za-z0-9])(${names.map(patternOf).join('|')})(?![A-Za-z0-9])`,
  'g',
);

/** Matches a name. One that is also a kind of app counts only where it can mean the app, not the kind. */
function patternOf(name: string): string {
  const word = name.replaceAll('.', '\\.').replaceAll('-', '[-_]');
  return kinds.has(name) ? `(?<!\\b[Kk]ind\\b.*|[Tt]he )${word}` : word;
}

/** Finds the names of apps and topics in a text. */
const namesIn = (text: string) => [...text.matchAll(pattern)].map(([name]) => name);

describe('the platform', () => {
  it('names no app and no topic', () => {
    const files = globSync('platform/*/{src,bin}/**/*.{ts,mjs}', { cwd: root }).toSorted();
    const found = files.flatMap((file) =>
      namesIn(readFileSync(`${root}${file}`, 'utf8')).map((name) => `${file}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ["call('ordering', topic('payments.payments.v1'))", ['ordering', 'payments', 'payments']],
    ['demo_ordering, payment_provider, ordering-1', ['ordering', 'payment_provider', 'ordering']],
    ["'fieldguide logs gateway'; name === 'gateway'", ['gateway', 'gateway']],
  ])('is caught when it names an app or a topic: %s', (text, found) => {
    expect(namesIn(text)).toEqual(found);
  });

  it.each(['reordering', 'gatewayUrl', 'the port of the gateway', "kind: 'service' | 'gateway'"])(
    'may use a word that only looks like a name: %s',
    (text) => {
      expect(namesIn(text)).toEqual([]);
    },
  );
});
