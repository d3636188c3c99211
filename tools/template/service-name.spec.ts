import { expect, it } from 'vitest';
import { assertNoPlatformWord, pluralOf, serviceName } from './service-name.ts';

it.each([
  ['reviews', 'review'],
  ['categories', 'category'],
  ['loyalty', 'loyalty'],
  ['business', 'business'],
])('derives the entity of %s', (plural, singular) =>
  expect(serviceName(plural)).toEqual({ plural, singular }),
);

it.each([
  ['Reviews', undefined, /not a valid service name/],
  ['my-reviews', undefined, /not a valid service name/],
  ['stock', 'Item', /not a valid entity name/],
])('rejects %s with the entity %s', (plural, entity, message) =>
  expect(() => serviceName(plural, entity)).toThrow(message),
);

it.each(['logs', 'events', 'services'])('rejects %s, a word of the platform', (name) =>
  expect(() => assertNoPlatformWord(name)).toThrow(
    /word of the platform \(platform.*more specific/,
  ),
);

it('accepts a name that the platform does not use', () =>
  expect(() => assertNoPlatformWord('reviews')).not.toThrow());

it.each([
  ['product', 'products'],
  ['entry', 'entries'],
])('derives the plural of %s', (singular, plural) => expect(pluralOf(singular)).toBe(plural));
