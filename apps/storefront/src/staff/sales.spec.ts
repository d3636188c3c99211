import { expect, it } from 'vitest';
import { byDay, lastDays, soldRows } from './sales.ts';

const item = (day: string, units: number) => ({
  day,
  productId: 'tent',
  name: 'Tent',
  units,
  revenue: { amountMinor: units * 100, currency: 'EUR' },
});

it('counts units on each of the last 14 days, also on days without a sale', () => {
  const days = lastDays(Date.parse('2030-01-20T23:59:59Z'));
  expect(days).toHaveLength(14);
  expect([days[0], days.at(-1)]).toEqual(['2030-01-07', '2030-01-20']);
  const sales = { items: [item('2030-01-07', 2), item('2030-01-20', 3), item('2030-01-20', 1)] };
  const units = byDay(sales, days).map((each) => each.units);
  expect(units).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
});
it('lists days with sales, newest first', () =>
  expect(
    soldRows({ items: [item('2030-01-07', 2), item('2030-01-08', 0), item('2030-01-09', 1)] }),
  ).toMatchObject([{ day: '2030-01-09' }, { day: '2030-01-07' }]));
