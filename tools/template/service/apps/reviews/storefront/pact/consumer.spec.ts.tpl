// What the storefront reads of reviews. Move it to the storefront once it has a page for them.
import { ConsumerPacts } from '@fieldguide/contract-testing';
import { Review, ReviewPage } from '@fieldguide/contracts/reviews';
import * as examples from '@fieldguide/contracts/reviews/examples';
import { describe, expect, it } from 'vitest';

const shop = new ConsumerPacts('shop');
const Shown = Review.pick({ id: true, text: true, status: true });
const Page = ReviewPage.pick({ nextCursor: true }).extend({ items: Shown.array() });
const { id } = examples.review.value;
const added = ['a review was added', { reviewId: id }] as const;

async function call(url: string, token = '', body?: object) {
  const response = await fetch(url, {
    method: token ? 'POST' : 'GET',
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  });
  return response.json();
}

describe('shop, of reviews,', () => {
  it('adds a review', async () => {
    const expectation = {
      given: ['there is no review', { reviewId: '01900000-0000-7000-8000-00000000dead' }],
      description: 'a new review',
      request: { method: 'POST', path: '/reviews', as: 'customer', body: examples.addReview },
      response: { status: 201, reads: Shown, of: examples.review },
    } as const;
    const review = await shop.request('reviews', expectation, (origin, token) =>
      call(`${origin}/reviews`, token, examples.addReview.value),
    );
    expect(Shown.parse(review).text).toBe(examples.review.value.text);
  });
  it('reads a review', async () => {
    const expectation = {
      given: added,
      description: 'a review',
      request: { method: 'GET', path: `/reviews/${id}` },
      response: { status: 200, reads: Shown, of: examples.review },
    } as const;
    const review = await shop.request('reviews', expectation, (origin) =>
      call(`${origin}/reviews/${id}`),
    );
    expect(Shown.parse(review).id).toBe(id);
  });
  it('lists reviews', async () => {
    const expectation = {
      given: added,
      description: 'a page of reviews',
      request: { method: 'GET', path: '/reviews' },
      response: { status: 200, reads: Page, of: examples.reviewPage },
    } as const;
    const page = await shop.request('reviews', expectation, (origin) => call(`${origin}/reviews`));
    expect(Page.parse(page).items).toHaveLength(1);
  });
  it('closes a review', async () => {
    const expectation = {
      given: added,
      description: 'the closure of a review',
      request: { method: 'POST', path: `/reviews/${id}/closure`, as: 'customer' },
      response: { status: 200, reads: Shown, of: examples.closedReview, exactly: ['closed'] },
    } as const;
    const review = await shop.request('reviews', expectation, (origin, token) =>
      call(`${origin}/reviews/${id}/closure`, token),
    );
    expect(Shown.parse(review).status).toBe('closed');
  });
});
