import { example } from '../example.ts';
import { noon } from '../example-data.ts';
import { AddReviewRequest, Review, ReviewAdded, ReviewClosed, ReviewPage } from './index.ts';

const id = '01900000-0000-7000-8000-00000000f001';
const text = 'As described.';

export const review = example(Review, { id, text, status: 'open', createdAt: noon });
export const closedReview = example(Review, { ...review.value, status: 'closed' });
export const reviewPage = example(ReviewPage, { items: [review.value], nextCursor: null });
export const addReview = example(AddReviewRequest, { text });
export const reviewAdded = example(ReviewAdded.data, { reviewId: id, text });
export const reviewClosed = example(ReviewClosed.data, { reviewId: id });
