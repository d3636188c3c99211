import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('reviews', {
  reviewNotFound: ['notFound', 'There is no such review.'],
  cursorInvalid: ['unprocessable', 'The cursor is not valid: send the nextCursor of a page.'],
});
