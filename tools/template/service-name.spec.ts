import { expect, it } from 'vitest';
import { assertNoPlatformWord, fillTemplate, serviceName } from './service-name.ts';

it.each([
  ['reviews', 'review'],
  ['categories', 'category'],
])('derives the entity of %s', (plural, singular) =>
  expect(serviceName(plural)).toEqual({ plural, singular }),
);

it.each([
  ['Reviews', undefined, /not a valid service name/],
  ['my-reviews', undefined, /not a valid service name/],
  ['stock', undefined, /in the plural/],
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

it('fills all forms of the name', () => {
  const text = "import { Review } from '@fieldguide/contracts/reviews'; class Reviews { review }";
  expect(fillTemplate(text, serviceName('stories', 'story'), '@acme')).toBe(
    "import { Story } from '@acme/contracts/stories'; class Stories { story }",
  );
});
