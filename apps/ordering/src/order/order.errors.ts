import { defineErrors } from '@fieldguide/problems';

export const errors = defineErrors('ordering', {
  orderUnknown: ['notFound', 'There is no such order.'],
  idempotencyKeyNeeded: [
    'unprocessable',
    'Send an Idempotency-Key of 8 to 200 visible characters.',
  ],
  idempotencyKeyReused: ['unprocessable', 'This Idempotency-Key was used for another order.'],
  productUnknown: ['unprocessable', 'There is no such product.'],
  productRetired: ['unprocessable', 'This product is no longer sold.'],
  currenciesMixed: ['unprocessable', 'All products of an order must have the same currency.'],
  totalTooHigh: ['unprocessable', 'The total of an order is at most 100,000,000.00.'],
  pricesUnknown: [
    'unavailable',
    'Prices cannot be told now: try again in a minute, with the same key.',
  ],
  alreadyDispatched: ['conflict', 'The goods have left: the order can no longer be cancelled.'],
  alreadyRejected: ['conflict', 'The order was rejected already: there is nothing to cancel.'],
  canOnlyBeFinished: [
    'conflict',
    'From here on the checkout can only be finished, not abandoned: retry it.',
  ],
  nothingLeftToDo: ['conflict', 'Nothing is left to do for this order.'],
  consistencyTokenUnreadable: [
    'unprocessable',
    'The Consistency-Token is not one that we gave out.',
  ],
  viewBehind: ['unavailable', 'What you wrote is not in the list yet: try again in a second.'],
  viewUnknown: ['notFound', 'There is no view of that name.'],
  clockIsReal: ['notAllowed', 'Deadlines can be brought forward in the environment `local` only.'],
  customerErased: ['notAllowed', 'This account was erased.'],
  cursorUnreadable: ['unprocessable', 'The cursor is not one that we gave out.'],
});
