import { describe, expect, it } from 'vitest';
import { parseChoice } from './parse-choice.ts';

describe('a name', () => {
  it('is returned when it is known', () => {
    expect(parseChoice('app', 'alpha', ['alpha', 'beta'])).toBe('alpha');
  });

  it.each([
    ['alpa', /Did you mean "alpha"\?/],
    ['LOG_LEVL', /Did you mean "LOG_LEVEL"\?/],
    ['something else altogether', /^(?!.*Did you mean)/],
  ])(
    'is rejected when it is unknown (%s), with the closest one as a suggestion',
    (value, message) => {
      expect(() => parseChoice('name', value, ['alpha', 'beta', 'LOG_LEVEL'])).toThrow(message);
    },
  );

  it('is rejected when no names are known', () => {
    expect(() => parseChoice('name', 'x', [])).toThrow(/no name "x"/);
  });
});
