import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ReviewAdded, ReviewClosed } from '@fieldguide/contracts/reviews';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { outboxOf } from '@fieldguide/messaging/testing';
import { beforeEach, expect, it } from 'vitest';
import { Reviews } from './reviews.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
let units: MemoryUnitOfWorkRunner;
let reviews: Reviews;
beforeEach(() => {
  units = new MemoryUnitOfWorkRunner({ service: 'reviews', clock, ids });
  reviews = new Reviews(units, ids);
});
const published = () => outboxOf(units).map(({ envelope }) => envelope);

it('stores a review and publishes it', async () => {
  const { id } = await reviews.add({ text: 'Good.' });
  expect(await reviews.one(id)).toMatchObject({ text: 'Good.', status: 'open' });
  const [message] = published();
  expect(message).toMatchObject({ type: 'ReviewAdded', subject: id });
  expect(ReviewAdded.data.strict().parse(message?.data)).toEqual({ reviewId: id, text: 'Good.' });
});

it('closes a review once', async () => {
  const { id } = await reviews.add({ text: 'Good.' });
  await reviews.close(id);
  expect(await reviews.close(id)).toMatchObject({ status: 'closed' });
  const [, message, ...others] = published();
  expect(message).toMatchObject({ type: 'ReviewClosed', subject: id });
  expect(ReviewClosed.data.strict().parse(message?.data)).toEqual({ reviewId: id });
  expect(others).toEqual([]);
});

it('finds no review that was never added', async () => {
  const notFound = { code: 'reviews.reviewNotFound' };
  await expect(reviews.one(ids.next())).rejects.toMatchObject(notFound);
  await expect(reviews.close(ids.next())).rejects.toMatchObject(notFound);
});
