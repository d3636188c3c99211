import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { productChanged } from '@fieldguide/contracts/catalog/examples';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { expect, it } from 'vitest';
import { ChangedProduct } from './changed-product.entity.ts';
import { OnProductChanged } from './on-product-changed.ts';

it('keeps the latest message', async () => {
  const origin = { service: 'reviews', clock: new SystemClock(), ids: new SystemIds() };
  const units = new MemoryUnitOfWorkRunner(origin);
  const { productId } = productChanged.value;
  const receive = (time: string) =>
    units.run((uow) => {
      const message = { subject: productId, time, data: productChanged.value };
      return new OnProductChanged().handle(message as never, uow);
    });
  await receive('2030-01-01T12:00:00.000Z');
  await receive('2030-01-01T13:00:00.000Z');
  await receive('2030-01-01T12:30:00.000Z');
  const row = await units.run((uow) => uow.load(ChangedProduct, productId));
  expect(row?.publishedAt).toEqual(new Date('2030-01-01T13:00:00.000Z'));
  expect(row?.data).toEqual(productChanged.value);
});
