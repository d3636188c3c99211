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
    'Current prices are not available: try again in a minute, with the same Idempotency-Key.',
  ],
  checkoutOverloaded: [
    'unavailable',
    'More orders wait than can be handled in time: try again after the time in Retry-After, with the same Idempotency-Key.',
  ],
  alreadyDispatched: ['conflict', 'The order is dispatched: it can no longer be cancelled.'],
  alreadyRejected: ['conflict', 'The order is rejected: there is nothing to cancel.'],
  paymentMismatch: [
    'conflict',
    'The reply is about another payment or amount than this order has: it is refused.',
  ],
  abandonmentTooLate: [
    'conflict',
    'This checkout can no longer be abandoned, only completed: retry it.',
  ],
  noOpenCheckout: ['conflict', 'This order has no open checkout.'],
  consistencyTokenInvalid: [
    'unprocessable',
    'The Consistency-Token is not valid: send one that a response returned.',
  ],
  projectionBehind: [
    'unavailable',
    'The list does not include your last change yet: try again in a second.',
  ],
  projectionNotFound: ['notFound', 'There is no projection of this name.'],
  localOnly: ['notAllowed', 'Deadlines can be expired early in the environment `local` only.'],
  customerErased: ['notAllowed', 'This account is erased.'],
  salesTooMany: [
    'unprocessable',
    'The report would be too long: request fewer days or one product.',
  ],
  cursorInvalid: ['unprocessable', 'The cursor is not valid: send the nextCursor of a page.'],
});
