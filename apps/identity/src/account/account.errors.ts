import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('identity', {
  emailTaken: ['conflict', 'An account with this e-mail address exists.'],
  passwordTooCommon: [
    'unprocessable',
    'This password is one of the most common ones: choose another.',
  ],
  passwordIsEmail: ['unprocessable', 'The e-mail address cannot be the password.'],
  credentialsInvalid: ['unauthenticated', 'The credentials are not valid.'],
  sessionEnded: ['unauthenticated', 'The session has ended: sign in again.'],
  clientNotFound: ['notFound', 'There is no such client.'],
  sessionNotFound: ['notFound', 'There is no such session.'],
  currentPasswordWrong: ['unprocessable', 'The current password is not right.'],
  scopeNotAllowed: ['notAllowed', 'This client may not have that scope.'],
  signInDelayed: ['throttled', 'Too many failed sign-ins: wait before the next one.'],
  tooManySignIns: ['unavailable', 'Too many concurrent sign-ins: try again in a few seconds.'],
});
