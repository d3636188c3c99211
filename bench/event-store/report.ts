import { styleText } from 'node:util';
import { table } from '@fieldguide/platform-cli/screen/tables';

export interface Line {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
  readonly verdict: 'met' | 'missed' | 'reported' | 'skipped' | 'inconclusive';
}
export interface Rate {
  readonly group: string;
  readonly name: string;
  readonly perSecond: number;
}
/** Results of one part. */
export interface Measured {
  readonly lines: readonly Line[];
  readonly rates?: readonly Rate[];
}
type Ratio = { readonly median: number; readonly low: number; readonly high: number };

const formatRatio = ({ median, low, high }: Ratio) =>
  `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
const verdict = (isMet: boolean) => (isMet ? 'met' : 'missed');

export const atLeast = (what: string, value: Ratio, goal: number): Line => ({
  what,
  value: formatRatio(value),
  goal: `≥ ${goal}`,
  verdict: verdict(value.median >= goal),
});
export const atMost = (what: string, value: Ratio, goal: number): Line => ({
  what,
  value: formatRatio(value),
  goal: `≤ ${goal}`,
  verdict: verdict(value.median <= goal),
});
export const reported = (what: string, value: Ratio): Line => ({
  what,
  value: formatRatio(value),
  verdict: 'reported',
});
/** Compares a contender with itself. A difference means background load, so the other results are unreliable. */
export const control = (what: string, value: Ratio): Line => ({
  what,
  value: formatRatio(value),
  goal: '0.95–1.05',
  verdict: value.median >= 0.95 && value.median <= 1.05 ? 'reported' : 'inconclusive',
});
export const valueAtLeast = (what: string, value: number, goal: number, unit: string): Line => ({
  what,
  value: `${Math.round(value)} ${unit}`,
  ...(goal > 0 && { goal: `≥ ${goal}` }),
  verdict: goal > 0 ? verdict(value >= goal) : 'reported',
});
export const valueAtMost = (what: string, value: number, goal: number, unit: string): Line => ({
  what,
  value: `${value.toFixed(1)} ${unit}`,
  goal: `≤ ${goal}`,
  verdict: verdict(value <= goal),
});

const signs = {
  met: styleText('green', '✓'),
  missed: styleText('red', '✗'),
  reported: ' ',
  skipped: styleText('yellow', '–'),
  inconclusive: styleText('yellow', '?'),
};

export function print(lines: readonly Line[]): void {
  const rows = lines.map(({ what, value, goal = '', verdict: each }) => [
    signs[each],
    what,
    value,
    goal,
  ]);
  console.log(table(['', 'MEASUREMENT', 'RESULT (95% INTERVAL)', 'GOAL'], rows));
  const missed = lines.filter((each) => each.verdict === 'missed');
  if (lines.some((each) => each.verdict === 'inconclusive'))
    console.log(
      '? The control differs from itself: the machine was under other load. Measure again.',
    );
  console.log(missed.length === 0 ? 'All goals are met.' : `${missed.length} goals are missed.`);
}

const tabled = ['fieldguide', 'emmett', 'plain pg'];

/** Formats appends per second as a Markdown table, for docs/explanation/how-the-event-feed-stays-gap-free.md. */
export function ratesTable(rates: readonly Rate[]): string {
  const rows = [...Map.groupBy(rates, ({ group }) => group)].map(([group, own]) => {
    const of = (wanted: string) => own.find(({ name }) => name === wanted)?.perSecond ?? 0;
    return [group, ...tabled.map((name) => String(Math.round(of(name))))];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['appends', ...tabled]),
    `|${'---|'.repeat(tabled.length + 1)}`,
    ...rows.map(line),
  ].join('\n');
}
