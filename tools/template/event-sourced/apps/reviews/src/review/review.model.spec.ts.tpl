import { scenariosOf } from '@fieldguide/event-store/testing';
import { describe, it } from 'vitest';
import { reviewAdded, reviewClosed } from './review.examples.ts';
import { review } from './review.model.ts';

const given = scenariosOf(review);
const addReview = { type: 'AddReview', data: reviewAdded.data } as const;
const closeReview = { type: 'CloseReview', data: {} } as const;

describe('a review', () => {
  it('is added', () => given().when(addReview).emits(reviewAdded));
  it('is added once', () => given(reviewAdded).when(addReview).emitsNothing());
  it('is closed', () => given(reviewAdded).when(closeReview).emits(reviewClosed));
  it('is closed once', () => given(reviewAdded, reviewClosed).when(closeReview).emitsNothing());
  it('is not closed before it was added', () => given().when(closeReview).emitsNothing());
});
