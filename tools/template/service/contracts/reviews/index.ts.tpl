import { z } from 'zod';
import { message, topic } from '../message.ts';
import { Id } from '../money.ts';
import { Text } from '../text.ts';

export const ReviewTopic = topic('reviews.reviews.v1', 'events', 3, { days: 7 });

export const Review = z.object({
  id: Id,
  text: z.string(),
  status: z.enum(['open', 'closed']),
  createdAt: z.iso.datetime(),
});
export type Review = z.infer<typeof Review>;

export const ReviewPage = z.object({
  items: z.array(Review),
  nextCursor: z.string().nullable(),
});

export const ReviewQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: Text.min(1).max(200).optional(),
});
export type ReviewQuery = z.infer<typeof ReviewQuery>;

export const AddReviewRequest = z.strictObject({ text: Text.trim().min(1).max(2_000) });
export type AddReviewRequest = z.infer<typeof AddReviewRequest>;

/** Key: reviewId. */
export const ReviewAdded = message(
  ReviewTopic,
  'ReviewAdded',
  z.object({ reviewId: Id, text: z.string() }),
);

/** Key: reviewId. */
export const ReviewClosed = message(ReviewTopic, 'ReviewClosed', z.object({ reviewId: Id }));
