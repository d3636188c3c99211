import { expect, it } from 'vitest';
import { passwordErrors, registrationErrors } from './registration-errors.ts';

it('names what is wrong with a registration, by field', () => {
  const right = { email: 'ada@fieldguide.test', password: 'correct horse', name: 'Ada' };
  expect(registrationErrors(right)).toEqual({});
  const wrong = { email: 'ada', password: 'short', name: ' ' };
  expect(Object.keys(registrationErrors(wrong)).toSorted()).toEqual(['email', 'name', 'password']);
});

it('names what is wrong with a new password', () => {
  expect(passwordErrors('short')).toEqual({ newPassword: expect.stringContaining('8 to 128') });
  expect(passwordErrors('correct horse')).toEqual({});
});
