import { defineErrors } from '@fieldguide/problems';

export const errors = defineErrors('inventory', {
  productUnknown: ['notFound', 'There is no stock of such a product.'],
  idempotencyKeyNeeded: [
    'unprocessable',
    'Send an Idempotency-Key of 8 to 200 visible characters.',
  ],
  stockTooLarge: ['unprocessable', 'At most 1,000,000,000 units of a product can be in stock.'],
  idempotencyKeyReused: ['unprocessable', 'This Idempotency-Key was used for another request.'],
});
