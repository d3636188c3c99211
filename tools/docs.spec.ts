import { describe, expect, it } from 'vitest';
import { brokenLinks, placingAnOrder, unknownScripts } from './docs.ts';

const listing = (...files: string[]) =>
  `<!-- placing-an-order -->${files.map((file) => `[x](${file})`).join(' ')}<!-- /placing-an-order -->`;

describe('the docs check', () => {
  it('finds a link that leads nowhere', () => {
    expect(brokenLinks('README.md', '[a](package.json) [b](https://example.org)')).toEqual([]);
    expect(brokenLinks('README.md', '[a](gone.ts)')).toEqual([
      'README.md links to gone.ts, which is not there',
    ]);
  });
  it('finds too many files, too long ones, or none, on the way of an order', () => {
    expect(placingAnOrder(listing('a.ts'), () => 150)).toEqual([]);
    expect(placingAnOrder(listing('a.ts'), () => 151)).toEqual(['a.ts has more than 150 lines']);
    expect(placingAnOrder(listing(...'abcdefgh'), () => 1)).toEqual([
      'README lists more than 7 files',
    ]);
    expect(placingAnOrder('', () => 1)).toHaveLength(1);
  });
  it('finds a command that does not exist', () =>
    expect(unknownScripts('`npm run fly`', { start: '' })).toEqual([
      'README names npm run fly, which is not there',
    ]));
});
