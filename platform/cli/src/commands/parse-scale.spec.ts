import { expect, it } from 'vitest';
import { parseScale } from './parse-scale.ts';

it.each([
  [['3'], 3],
  [['web=2'], { web: 2 }],
  [['worker=0', 'web=2'], { web: 2, worker: 0 }],
])('reads %j', (words, scale) => {
  expect(parseScale(words)).toEqual(scale);
});

it.each([
  [['many'], '"many" is not a whole number.'],
  [['web='], '"" is not a whole number.'],
  [['wrker=1'], 'There is no process type "wrker". Did you mean "worker"?'],
  [['3', 'web=2'], '"3" names no process type.'],
  [['2', '3'], '"2" names no process type.'],
])('explains what is wrong with %j', (words, message) => {
  expect(() => parseScale(words)).toThrow(message);
});
