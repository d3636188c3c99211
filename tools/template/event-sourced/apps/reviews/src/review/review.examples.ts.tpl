import type { ReviewEvent } from './review.events.ts';

export const reviewId = '01900000-0000-7000-8000-00000000f001';
export const reviewAdded = {
  type: 'ReviewAdded',
  data: { text: 'As described.' },
} satisfies ReviewEvent;
export const reviewClosed = { type: 'ReviewClosed', data: {} } satisfies ReviewEvent;
