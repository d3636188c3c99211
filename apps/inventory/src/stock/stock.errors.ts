import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('inventory', {
  productNotFound: ['notFound', 'There is no stock of this product.'],
  idempotencyKeyRequired: [
    'unprocessable',
    'Send an Idempotency-Key of 8 to 200 visible characters.',
  ],
  stockTooLarge: ['unprocessable', 'At most 1,000,000,000 units of a product can be in stock.'],
  idempotencyKeyReused: ['unprocessable', 'This Idempotency-Key was used for another request.'],
});
