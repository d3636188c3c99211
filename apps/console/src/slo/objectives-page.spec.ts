import { expect, it } from 'vitest';
import { PAGES_AT, stateOf } from './objectives-page.tsx';

it.each<[number | null, Record<string, number | null>, string]>([
  [null, { '5m': null, '1h': null }, 'no events'],
  [0.5, { '5m': 0.1, '1h': 0.2 }, 'met'],
  [0.5, { '5m': PAGES_AT, '1h': 1 }, 'met'], // a spike: only the short window burns
  [0.5, { '5m': PAGES_AT, '1h': PAGES_AT }, 'burns fast'],
  [-0.1, { '5m': 0, '1h': null }, 'budget spent'],
])(
  'with a budget of %s and burn rates of %o an objective shows: %s',
  (budgetLeft, burnRates, word) => {
    expect(stateOf({ budgetLeft, burnRates })[1]).toBe(word);
  },
);
