import {
  ConsumerPacts,
  consumerOf,
  describeIdentityPacts,
  unitsFor,
} from '@fieldguide/contract-testing';
import { productChanged } from '@fieldguide/contracts/catalog/examples';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { describe, expect, it } from 'vitest';
import { Changed, ChangedProduct } from '../src/on-product-changed/changed-product.entity.ts';
import { OnProductChanged } from '../src/on-product-changed/on-product-changed.ts';

const reviews = new ConsumerPacts('reviews');

describeIdentityPacts(reviews, { keySet, sessionEnded });

describe('reviews, of catalog,', () => {
  it('consumes ProductChanged', async () => {
    const units = unitsFor('reviews');
    const { productId } = productChanged.value;
    const message = {
      given: ['a product was repriced', { productId }],
      message: Changed,
      of: productChanged,
      subject: productId,
    } as const;
    const receive = consumerOf('reviews', units, new OnProductChanged());
    await reviews.message('catalog', message, receive);
    expect(await units.run((uow) => uow.load(ChangedProduct, productId))).toBeDefined();
  });
});
