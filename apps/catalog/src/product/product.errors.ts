import { defineErrors } from '@fieldguide/problems';

export const errors = defineErrors('catalog', {
  productUnknown: ['notFound', 'There is no such product.'],
  skuTaken: ['conflict', 'Another product has this SKU.'],
  productChangedMeanwhile: [
    'conflict',
    'The product was changed since you read it: read it again.',
  ],
  ifMatchNeeded: ['unprocessable', 'Send If-Match with the ETag of the product you read.'],
  cursorUnreadable: ['unprocessable', 'The cursor is not one that we gave out.'],
});
