import { describe, expect, it } from 'vitest';
import { parseChoice } from './parse-choice.ts';

describe('a name', () => {
  it('is taken when it is known', () => {
    expect(parseChoice('app', 'ordering', ['ordering', 'shipping'])).toBe('ordering');
  });

  it.each([
    ['orderng', /Did you mean "ordering"\?/],
    ['LOG_LEVL', /Did you mean "LOG_LEVEL"\?/],
    ['something else altogether', /^(?!.*Did you mean)/],
  ])('that is not (%s) comes with the nearest one', (value, message) => {
    expect(() => parseChoice('name', value, ['ordering', 'shipping', 'LOG_LEVEL'])).toThrow(
      message,
    );
  });

  it('that nobody has is refused where there is none at all', () => {
    expect(() => parseChoice('name', 'x', [])).toThrow(/no name "x"/);
  });
});
