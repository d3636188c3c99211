import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ReviewAdded } from '@fieldguide/contracts/reviews';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database';
import { expect, it } from 'vitest';
import { Review } from './review.entity.ts';
import { Reviews } from './reviews.ts';

it('stores a review and publishes it', async () => {
  const ids = new SystemIds();
  const origin = { service: 'reviews', clock: new SystemClock(), ids };
  const units = new MemoryUnitOfWorkRunner(origin);
  const { id } = await new Reviews(undefined as never, units, ids).add({ text: 'Good.' });
  expect(await units.run((uow) => uow.load(Review, id))).toMatchObject({ text: 'Good.' });
  const [message] = units.outbox.map(({ envelope }) => envelope);
  expect(message).toMatchObject({ type: 'ReviewAdded', subject: id });
  expect(ReviewAdded.data.parse(message?.data)).toEqual({ reviewId: id, text: 'Good.' });
});
