import { expect, it } from 'vitest';
import { drawings } from './drawings.ts';
import { families, familyOf } from './families.ts';
import { hrefOf, readSearch, searchIn, toQuery } from './search.ts';

it.each([
  ['Ridgeline 1 Tent', 'shelter', 'tent'],
  ['Tarp 3×3', 'shelter', 'tarp'],
  ['Foam Mat', 'sleep', 'mat'],
  ['Expedition 65', 'packs', 'pack'],
  ['Ridge Boot', 'footwear', 'boot'],
  ['Merino Shirt', 'clothing', 'shirt'],
  ['Head Torch', 'kitchen', 'lamp'],
  ['Pot Set', 'kitchen', 'pot'],
  ['Trail map', 'guides', 'map'],
])('draws %s (%s) as a %s', (name, category, family) =>
  expect(familyOf(name, category)).toBe(family),
);
it('has a drawing of two inks for each family', () => {
  expect(Object.keys(drawings)).toEqual([...families]);
  for (const paths of Object.values(drawings))
    for (const path of paths) expect(path).toMatch(/^M[-0-9a-zA-Z. ]+$/);
});

it('keeps a search in the address', () => {
  const search = { query: 'tent & tarp', category: 'shelter' };
  expect(readSearch(hrefOf(search).slice(2))).toEqual(search);
  expect(hrefOf({ query: ' ', category: '' })).toBe('/');
  expect(toQuery({ query: ' tent ', category: '' })).toEqual({ query: 'tent' });
});
it('searches the last answer while the catalog is away', () => {
  const item = (name: string, category: 'shelter' | 'sleep') => ({
    id: name,
    name,
    category,
    price: { amountMinor: 1, currency: 'EUR' },
  });
  const items = [
    item('Ridgeline Tent', 'shelter'),
    item('Tent Bag', 'sleep'),
    item('Mat', 'sleep'),
  ];
  const all = { value: { items, nextCursor: null }, asOfMs: 7 };
  const names = (query: string, category: string) =>
    searchIn(all, { query, category })?.value.items.map(({ name }) => name);
  expect(names('TENT', '')).toEqual(['Ridgeline Tent', 'Tent Bag']);
  expect(names('tent', 'sleep')).toEqual(['Tent Bag']);
  expect(searchIn(undefined, { query: 'tent', category: '' })).toBeUndefined();
});
