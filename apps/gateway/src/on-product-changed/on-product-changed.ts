import { ProductChanged } from '@fieldguide/contracts/catalog';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { ResponseCache } from '../cache/response-cache.ts';

export const Changed = consumes(ProductChanged, 'productId');

/** Retired products, too: the product's own page and all lists are fetched again. */
@Controller()
export class OnProductChanged {
  constructor(private readonly cache: ResponseCache) {}

  @OnMessage(Changed, 'broadcast')
  handle({ data }: MessageOf<typeof Changed>): void {
    this.cache.invalidate(`/products/${data.productId}`);
  }
}
