import { describe, expect, it } from 'vitest';
import { parseChoice } from './parse-choice.ts';

describe('a name', () => {
  it('is returned when it is known', () => {
    expect(parseChoice('app', 'ordering', ['ordering', 'shipping'])).toBe('ordering');
  });

  it.each([
    ['orderng', /Did you mean "ordering"\?/],
    ['LOG_LEVL', /Did you mean "LOG_LEVEL"\?/],
    ['something else altogether', /^(?!.*Did you mean)/],
  ])(
    'is rejected when it is unknown (%s), with the closest one as a suggestion',
    (value, message) => {
      expect(() => parseChoice('name', value, ['ordering', 'shipping', 'LOG_LEVEL'])).toThrow(
        message,
      );
    },
  );

  it('is rejected when no names are known', () => {
    expect(() => parseChoice('name', 'x', [])).toThrow(/no name "x"/);
  });
});
