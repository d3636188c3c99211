import { defineErrors } from '@fieldguide/problems/domain-error';

export const errors = defineErrors('identity', {
  emailTaken: ['conflict', 'There is an account with this e-mail address already.'],
  credentialsInvalid: ['unauthenticated', 'These credentials are not right.'],
  sessionEnded: ['unauthenticated', 'This session has ended: sign in again.'],
  scopeNotAllowed: ['notAllowed', 'This client may not have that scope.'],
  tooManySignIns: ['unavailable', 'Too many sign-ins at once: try again in a few seconds.'],
});
