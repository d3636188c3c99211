import { describe, expect, it } from 'vitest';
import {
  brokenLinks,
  incompletePatterns,
  recordErrors,
  sharedNumbers,
  tooLong,
  unknownCommands,
  unlinkedPages,
} from './docs.ts';

const record = `# 7. Do this

- Status: accepted
- Date: 2026-11-21

## Context
a
## Decision
b
## Alternatives
c
## Consequences
d
`;

describe('the docs check', () => {
  it('finds a link to a missing file', () => {
    expect(brokenLinks('README.md', '[a](package.json) [b](https://example.org)')).toEqual([]);
    expect(brokenLinks('README.md', '[a](gone.ts)')).toEqual([
      'README.md links to gone.ts, which does not exist',
    ]);
  });
  it('finds a script and a command that do not exist', () => {
    const check = (text: string) =>
      unknownCommands('a.md', text, { start: '' }, new Set(['status']));
    expect(check('`npm run start`, `npx fieldguide status`')).toEqual([]);
    expect(check('`npm run fly`')).toEqual([
      'a.md names "npm run fly", which package.json does not have',
    ]);
    expect(check('`npx fieldguide fly`')).toEqual([
      'a.md names "fieldguide fly", which does not exist',
    ]);
  });
  it.each([
    ['number', '# 7.', '# 8.'],
    ['status', '- Status: accepted\n', ''],
    ['date', '- Date: 2026-11-21', '- Date: today'],
    ['section', '## Alternatives\n', ''],
    ['order of sections', '## Context', '## Consequences'],
  ])('finds a decision record without its %s', (_, part, replacement) => {
    expect(recordErrors('docs/adr/0007-do-this.md', record)).toEqual([]);
    const changed = record.replace(part, replacement);
    expect(recordErrors('docs/adr/0007-do-this.md', changed)).toHaveLength(1);
  });
  it('finds two decision records with one number', () => {
    expect(sharedNumbers(['docs/adr/0007-a.md', 'docs/adr/0008-b.md'])).toEqual([]);
    expect(sharedNumbers(['docs/adr/0007-a.md', 'docs/adr/0007-b.md'])).toHaveLength(1);
  });
  it('finds a page without a link from the index', () =>
    expect(
      unlinkedPages('docs/README.md', '[a](a.md)', ['docs/README.md', 'docs/a.md', 'docs/b.md']),
    ).toEqual(['docs/README.md does not link to docs/b.md']));
  it.each([
    ['code', '| a | – | [b](b.spec.ts) | c |'],
    ['test', '| a | [a](a.ts) | [b](b.ts) | c |'],
    ['way to see it', '| a | [a](a.ts) | [b](b.spec.ts) | |'],
  ])('finds a pattern without its %s', (_, row) => {
    expect(incompletePatterns('| pattern | x |\n| a | [a](a.ts) | [b](b.spec.ts) | c |')).toEqual(
      [],
    );
    expect(incompletePatterns(row)).toHaveLength(1);
  });
  it('finds a README of more than 200 lines', () => {
    expect(tooLong('a\n'.repeat(200))).toEqual([]);
    expect(tooLong('a\n'.repeat(201))).toHaveLength(1);
  });
});
