import { example } from '../example.ts';
import { noon } from '../example-data.ts';
import { AddReviewRequest, Review, ReviewAdded, ReviewPage } from './index.ts';

const id = '01900000-0000-7000-8000-00000000f001';
const text = 'As described.';

export const review = example(Review, { id, text, createdAt: noon });
export const reviewPage = example(ReviewPage, { items: [review.value], nextCursor: null });
export const addReview = example(AddReviewRequest, { text });
export const reviewAdded = example(ReviewAdded.data, { reviewId: id, text });
