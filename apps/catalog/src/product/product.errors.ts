import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('catalog', {
  productNotFound: ['notFound', 'There is no such product.'],
  skuTaken: ['conflict', 'Another product has this SKU.'],
  productModified: ['conflict', 'The product changed since you read it: read it again.'],
  ifMatchRequired: ['unprocessable', 'Send If-Match with the ETag of the product you read.'],
  cursorInvalid: ['unprocessable', 'The cursor is not valid: send the nextCursor of a page.'],
});
