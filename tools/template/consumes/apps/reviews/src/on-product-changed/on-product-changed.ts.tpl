import type { UnitOfWork } from '@fieldguide/database';
import { type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { Changed, ChangedProduct } from './changed-product.entity.ts';

/** Keeps what ProductChanged states. The inbox drops a repeated message; a redriven dead letter may be outdated. */
@Controller()
export class OnProductChanged {
  @OnMessage(Changed)
  async handle(
    { subject: id, time, data }: MessageOf<typeof Changed>,
    uow: UnitOfWork,
  ): Promise<void> {
    const publishedAt = new Date(time);
    const row = (await uow.load(ChangedProduct, id)) ?? new ChangedProduct();
    if (row.version > 0 && row.publishedAt > publishedAt) return;
    await uow.save(ChangedProduct, Object.assign(row, { id, data, publishedAt }));
  }
}
