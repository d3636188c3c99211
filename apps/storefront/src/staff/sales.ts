import type { Sales } from '../api/reads.ts';

const DAY_MS = 86_400_000;
const DAYS = 14;

/** The last two weeks, today included, in UTC as the report. */
export function lastDays(nowMs: number): string[] {
  return Array.from({ length: DAYS }, (_, day) =>
    new Date(nowMs - (DAYS - 1 - day) * DAY_MS).toISOString().slice(0, 10),
  );
}

export interface SoldOnDay {
  readonly day: string;
  readonly units: number;
}

/** Units by day: also the days without a sale. */
export function byDay({ items }: Sales, days: readonly string[]): SoldOnDay[] {
  return days.map((day) => ({
    day,
    units: items.filter((item) => item.day === day).reduce((sum, { units }) => sum + units, 0),
  }));
}

/** Days with sales of the product, newest first, for the table. */
export const soldRows = ({ items }: Sales) =>
  items.filter(({ units }) => units > 0).toSorted((a, b) => b.day.localeCompare(a.day));
