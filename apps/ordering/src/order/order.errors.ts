import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('ordering', {
  orderNotFound: ['notFound', 'There is no such order.'],
  idempotencyKeyRequired: [
    'unprocessable',
    'Send an Idempotency-Key of 8 to 200 visible characters.',
  ],
  idempotencyKeyReused: ['unprocessable', 'This Idempotency-Key was used for another order.'],
  productNotFound: ['unprocessable', 'There is no such product.'],
  productRetired: ['unprocessable', 'This product is no longer sold.'],
  currenciesMixed: ['unprocessable', 'All products of an order must have the same currency.'],
  totalTooHigh: ['unprocessable', 'The total of an order is at most 100,000,000.00.'],
  pricesUnavailable: [
    'unavailable',
    'Prices cannot be told now: try again in a minute, with the same key.',
  ],
  alreadyDispatched: ['conflict', 'The goods have left: the order can no longer be cancelled.'],
  alreadyRejected: ['conflict', 'The order was rejected already: there is nothing to cancel.'],
  abandonmentTooLate: [
    'conflict',
    'From here on the checkout can only be finished, not abandoned: retry it.',
  ],
  noOpenCheckout: ['conflict', 'Nothing is left to do for this order.'],
  consistencyTokenInvalid: ['unprocessable', 'The Consistency-Token is not one that we gave out.'],
  projectionBehind: [
    'unavailable',
    'What you wrote is not in the list yet: try again in a second.',
  ],
  projectionNotFound: ['notFound', 'There is no view of that name.'],
  localOnly: ['notAllowed', 'Deadlines can be brought forward in the environment `local` only.'],
  customerErased: ['notAllowed', 'This account was erased.'],
  cursorInvalid: ['unprocessable', 'The cursor is not one that we gave out.'],
});
