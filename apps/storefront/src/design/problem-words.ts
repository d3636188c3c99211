import { ApiError } from '../api/api-error.ts';

const words: Readonly<Record<string, string>> = {
  'identity.credentialsInvalid': 'E-mail address and password do not match an account.',
  'identity.emailTaken': 'There is an account with this e-mail address: sign in instead.',
  'identity.passwordTooCommon':
    'Many people use this password, so it is guessed first: choose another.',
  'identity.passwordIsEmail': 'Your e-mail address cannot be your password: choose another.',
  'identity.currentPasswordWrong': 'The current password is not right.',
  'identity.signInDelayed': 'Too many failed sign-ins: wait a while, then try again.',
  'identity.tooManySignIns': 'Too many sign-ins: wait a minute, then try again.',
  'catalog.productNotFound': 'There is no such product.',
  'catalog.productModified':
    'The product has changed since you opened it. It is shown as it is now.',
  'ordering.orderNotFound': 'There is no such order among yours.',
  'ordering.alreadyDispatched': 'It is too late to cancel: the goods have been handed over.',
  'ordering.alreadyRejected': 'There is nothing to cancel: the order was rejected.',
  'ordering.productRetired': 'A product in your cart is no longer sold: remove it.',
  'ordering.checkoutOverloaded': 'The shop is busy: try again in a minute.',
  'ordering.pricesUnavailable': 'Prices cannot be checked at the moment: try again soon.',
  serviceUnavailable: 'This part of the shop is away: try again in a few seconds.',
  authenticationRequired: 'Your session has ended: sign in again.',
  requestInvalid: 'Something in the form is not as it should be.',
};

/** What the user can do about an error, in words. */
export function problemWords(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The shop did not answer. Check your connection.';
  const { type, title } = error.problem;
  return words[type.replace('/problems/', '')] ?? title;
}
