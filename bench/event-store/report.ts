import { styleText } from 'node:util';
import { table } from '@fieldguide/platform-cli/screen/tables';

export interface Line {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
  readonly verdict: 'met' | 'missed' | 'reported' | 'skipped' | 'inconclusive';
}
export interface Bar {
  readonly group: string;
  readonly name: string;
  readonly perSecond: number;
}
/** Results of one part. */
export interface Measured {
  readonly lines: readonly Line[];
  readonly bars?: readonly Bar[];
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

const colours: Readonly<Record<string, string>> = {
  fieldguide: 'light-dark(#0969da, #4493f8)',
  emmett: 'light-dark(#818b98, #656c76)',
  'plain pg': 'light-dark(#d1d9e0, #3d444d)',
};
const [WIDTH, LEFT, BAR, GAP] = [860, 190, 16, 14];

/** Draws appends per second as bars in SVG, in the reader's colour scheme. */
export function drawBars(bars: readonly Bar[]): string {
  const charted = bars.filter(({ name }) => name in colours);
  const valueAtMost = Math.max(...charted.map(({ perSecond }) => perSecond));
  const groups = [...Map.groupBy(charted, ({ group }) => group)];
  let y = 44;
  const drawn = groups.map(([group, own]) => {
    const label = `<text x="${LEFT - 12}" y="${y + (own.length * BAR) / 2 + 4}" text-anchor="end">${group}</text>`;
    const rects = own.map(({ name, perSecond }) => {
      const width = Math.max(2, ((WIDTH - LEFT - 150) * perSecond) / valueAtMost);
      const rect = `<rect x="${LEFT}" y="${y}" width="${width.toFixed(0)}" height="${BAR - 3}" fill="${colours[name]}"/>
<text class="small" x="${(LEFT + width + 6).toFixed(0)}" y="${y + BAR - 5}">${Math.round(perSecond)} ${name}</text>`;
      y += BAR;
      return rect;
    });
    y += GAP;
    return [label, ...rects].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="Appends per second">
<style>
  svg { color-scheme: light dark; background: light-dark(#fff, #0d1117); font: 13px system-ui, sans-serif; }
  text { fill: light-dark(#1f2328, #e6edf3); }
  .small { font-size: 11px; fill: light-dark(#59636e, #9198a1); }
</style>
<text x="16" y="24">Appends per second, durable; absolute figures depend on the machine, compare the ratios</text>
${drawn.join('\n')}
</svg>
`;
}
