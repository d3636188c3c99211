import { ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import { translate } from '@fieldguide/event-publishing';
import { recordedAs } from '@fieldguide/event-store/testing';
import { expect, it } from 'vitest';
import { reviewAdded, reviewClosed, reviewId } from '../review/review.examples.ts';
import { reviewMessages } from './publish-reviews.ts';

const published = () =>
  recordedAs(`review-${reviewId}`, [reviewAdded, reviewClosed]).flatMap((event, _, [first]) =>
    translate(reviewMessages, 'reviews', { event, first: first! }),
  );

it('publishes each event to the topic of its contract', () => {
  const [added, closed] = published();
  expect(added).toMatchObject({ topic: ReviewAdded.topic, envelope: { subject: reviewId } });
  expect(ReviewAdded.data.strict().parse(added!.envelope.data)).toEqual({
    reviewId,
    ...reviewAdded.data,
  });
  expect(ReviewClosed.data.strict().parse(closed!.envelope.data)).toEqual({ reviewId });
});

it('publishes the same ids when it is repeated', () =>
  expect(published().map(({ envelope }) => envelope.id)).toEqual(
    published().map(({ envelope }) => envelope.id),
  ));
