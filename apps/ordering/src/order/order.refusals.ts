import { refusals } from '@fieldguide/problems';

export const refuse = refusals('ordering', {
  orderUnknown: ['notFound', 'There is no such order.'],
  idempotencyKeyNeeded: [
    'unprocessable',
    'Send an Idempotency-Key of 8 to 200 visible characters.',
  ],
  idempotencyKeyReused: ['unprocessable', 'This Idempotency-Key was used for another order.'],
  productUnknown: ['unprocessable', 'There is no such product.'],
  productRetired: ['unprocessable', 'This product is no longer sold.'],
  currenciesMixed: ['unprocessable', 'All products of an order must have the same currency.'],
  pricesUnknown: [
    'unavailable',
    'Prices cannot be told now: try again in a minute, with the same key.',
  ],
  cursorUnreadable: ['unprocessable', 'The cursor is not one that we gave out.'],
});
