import { describe, expect, it } from 'vitest';
import { fillTemplate, selectLines } from './fill-template.ts';

const values = { name: { plural: 'stories', singular: 'story' }, scope: '@acme' };
const message = {
  service: 'reviews',
  type: 'ReviewAdded',
  example: 'reviewAdded',
  key: 'reviewId',
  fields: ['reviewId', 'text'],
  state: "['a review was added', { reviewId }]",
  noun: 'review',
  nouns: 'reviews',
  participle: 'added',
};

describe('a filled template', () => {
  it('has all forms of the name, and the scope', () => {
    const text = "import { Review } from '@fieldguide/contracts/reviews'; class Reviews { review }";
    expect(fillTemplate(text, values)).toBe(
      "import { Story } from '@acme/contracts/stories'; class Stories { story }",
    );
  });

  it('has the article of the entity', () =>
    expect(
      fillTemplate('Adds a review.', { ...values, name: { plural: 'orders', singular: 'order' } }),
    ).toBe('Adds an order.'));

  it('has all forms of the consumed message, also when its names are those of the template', () => {
    const text =
      "ChangedProduct changed_products on-product-changed Changed consumes(ProductChanged, 'productId', 'name')";
    expect(fillTemplate(text, { ...values, message })).toBe(
      "AddedReview added_reviews on-review-added Added consumes(ReviewAdded, 'reviewId', 'text')",
    );
    expect(
      fillTemplate("given: ['a product was repriced', { productId }]", { ...values, message }),
    ).toBe("given: ['a review was added', { reviewId }]");
  });
});

it.each([
  [['crud'], 'always\nplain\nneither'],
  [['event-sourced'], 'always\nstored\nreceived'],
  [['crud', 'consumes'], 'always\nplain\nreceived'],
] as const)('keeps the lines of the options %s', (options, text) =>
  expect(
    selectLines(
      [
        'always',
        'plain // with --crud',
        'stored // with --event-sourced',
        'received // with --event-sourced or --consumes',
        'neither // without --event-sourced or --consumes',
      ].join('\n'),
      new Set(options),
    ),
  ).toBe(text),
);
