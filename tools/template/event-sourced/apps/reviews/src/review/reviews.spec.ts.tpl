import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryEventStore } from '@fieldguide/event-store/parts';
import { expect, it } from 'vitest';
import { Reviews } from './reviews.ts';

const ids = new SystemIds();
const reviews = new Reviews(new MemoryEventStore(new SystemClock(), ids), ids);

it('adds and closes a review', async () => {
  const { id } = await reviews.add({ text: 'Good.' });
  expect(await reviews.one(id)).toMatchObject({ text: 'Good.', status: 'open' });
  expect(await reviews.close(id)).toMatchObject({ text: 'Good.', status: 'closed' });
});

it('finds no review that was never added', async () => {
  const notFound = { code: 'reviews.reviewNotFound' };
  await expect(reviews.one(ids.next())).rejects.toMatchObject(notFound);
  await expect(reviews.close(ids.next())).rejects.toMatchObject(notFound);
});
