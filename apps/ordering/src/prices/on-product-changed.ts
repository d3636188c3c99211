import { ProductChanged } from '@fieldguide/contracts/catalog';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { ProductPrice } from './product-price.entity.ts';

export const Changed = consumes(
  ProductChanged,
  'productId',
  'name',
  'price',
  'retired',
  'revision',
);

@Controller()
export class OnProductChanged {
  @OnMessage(Changed)
  async handle({ data }: MessageOf<typeof Changed>, uow: UnitOfWork): Promise<void> {
    const row = (await uow.load(ProductPrice, data.productId)) ?? new ProductPrice();
    if (row.version > 0 && row.revision >= data.revision) return;
    await uow.save(ProductPrice, Object.assign(row, data));
  }
}
