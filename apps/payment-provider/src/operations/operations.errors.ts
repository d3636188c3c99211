import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('paymentProvider', {
  apiKeyInvalid: ['notAllowed', 'Send your API key as X-Api-Key.'],
  operationNotFound: ['notFound', 'There is no operation with this key.'],
  temporarilyUnavailable: ['unavailable', 'Please try again.'],
});
