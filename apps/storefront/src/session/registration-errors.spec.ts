import { expect, it } from 'vitest';
import { registrationErrors } from './registration-errors.ts';

it('names what is wrong with a registration, by field', () => {
  const right = { email: 'ada@fieldguide.test', password: 'correct horse', name: 'Ada' };
  expect(registrationErrors(right)).toEqual({});
  const wrong = { email: 'ada', password: 'short', name: ' ' };
  expect(Object.keys(registrationErrors(wrong)).toSorted()).toEqual(['email', 'name', 'password']);
});
