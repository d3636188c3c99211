import { expect, it } from 'vitest';
import { productName, renameIn } from './product-name.ts';

const from = productName('fieldguide');
const to = productName('acme', '@acme-inc', 'Acme Shop');

it('derives scope and title from the name', () => {
  expect(from).toEqual({ name: 'fieldguide', scope: '@fieldguide', title: 'Fieldguide' });
});

it.each([
  ["import { Clock } from '@fieldguide/clock';", "import { Clock } from '@acme-inc/clock';"],
  ['every package of @fieldguide', 'every package of @acme-inc'],
  ['FIELDGUIDE_HOME=.fieldguide', 'ACME_HOME=.acme'],
  ['# Fieldguide', '# Acme Shop'],
  ['ada@fieldguide.test', 'ada@acme.test'],
])('renames %s', (before, after) => expect(renameIn(before, from, to)).toBe(after));

it.each([
  ['Acme', undefined, undefined, /not a valid name/],
  ['my-shop', undefined, undefined, /not a valid name/],
  ['acme', 'acme', undefined, /not a valid npm scope/],
  ['acme', undefined, '!', /not a valid title/],
])('rejects %s, %s, %s', (name, scope, title, message) =>
  expect(() => productName(name, scope, title)).toThrow(message),
);
