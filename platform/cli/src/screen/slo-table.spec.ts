import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { sloTable } from './slo-table.ts';

const objective = {
  name: 'browsing',
  summary: 'Pages are served within 250 ms.',
  app: 'front',
  target: 0.995,
  events: 12_345,
  errors: 5,
  ratio: 0.999_959,
  budgetLeft: 0.919,
  burnRates: { '5m': 0, '1h': 14.42 },
  alert: 'BrowsingBudgetBurn',
  runbook: '',
};
const show = (objectives: (typeof objective)[]) =>
  stripVTControlCharacters(
    sloTable({ windowDays: 30, measuredSince: '2030-01-01T12:00:00.000Z', objectives }),
  );

it('shows objectives within 80 columns, and rounds no ratio up to 100 %', () => {
  const unused = { ...objective, ...{ events: 0, ratio: null, budgetLeft: null } } as never;
  const text = show([objective, { ...objective, name: 'placing', budgetLeft: -1 }, unused]);
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(text).toMatch(/browsing +99\.5 % +12345 +99\.99 % +91\.9 % +0\.0 +14\.4/);
  expect(text).toMatch(/placing .* -100 %/);
  expect(text).toContain('since 2030-01-01 12:00 UTC');
});

it('reports that a system has none', () => {
  expect(show([])).toBe('This system has no objectives.');
});
