import { ratio } from '../statistics.ts';
import type { Contender } from './contender.ts';
import { type LoadKind, type Measured, measure } from './measure.ts';
import { markdown, others, systemCpu } from './report.ts';
import { sum, type Totals } from './usage.ts';

const metrics: Readonly<Record<string, (measured: Measured) => number>> = {
  'orders placed a second': (each) => each.placedPerSecond,
  'orders a second, until the last is completed': (each) => each.sustainedPerSecond,
  'placing p50 (ms)': ({ placingMs }) => placingMs.p50,
  'click → completed p50 (ms)': ({ completionMs }) => completionMs.p50,
  'commits of an order': ({ usage, orders }) => sum(usage.commits) / orders,
  'messages of an order': ({ usage, orders }) => sum(usage.messages) / orders,
  "share of other processes in the machine's CPU": (each) => others(each)[0],
  'CPU of an order, above idle (ms)': ({ usage, idle, orders }) =>
    (systemCpu(usage.cpuMs) - (systemCpu(idle.cpuMs) * usage.atMs) / idle.atMs) / orders,
  'CPU of an order (ms)': ({ usage, orders }) => systemCpu(usage.cpuMs) / orders,
};

/**
 * Measures two contenders in turn, in changing order, while the other one idles.
 * @returns a table of medians and of the ratios of the rounds as Markdown, and all results
 */
export async function rounds(
  pair: readonly [Contender, Contender],
  count: number,
  kind: LoadKind,
  oneProduct: boolean,
  signal: AbortSignal,
): Promise<{ table: string; measured: readonly (readonly Measured[])[] }> {
  const measured: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round < count; round++)
    for (const at of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const name = `round ${round + 1} of ${count}, ${at === 0 ? 'this' : 'against'}: ${kind.name}`;
      measured[at].push(await measure(pair[at], { ...kind, name }, oneProduct, signal));
    }
  const cpuOf = (process: string) => (each: Measured) =>
    (each.usage.cpuMs[process] ?? 0) / each.orders;
  const processes = Object.keys(measured[0][0]!.usage.cpuMs as Totals);
  const all = [
    ...Object.entries(metrics),
    ...processes.map((each) => [`CPU of ${each} (ms)`, cpuOf(each)] as const),
  ];
  const isUsed = ([, read]: (typeof all)[number]) =>
    measured.flat().every((each) => read(each) > 0);
  const rows = all.filter(isUsed).map(([name, read]) => {
    const [ours, theirs] = measured.map((each) => each.map(read)) as [number[], number[]];
    const { median, low, high } = ratio(ours, theirs);
    const cell = (values: number[]) =>
      ratio(
        values,
        values.map(() => 1),
      ).median.toFixed(2);
    const interval = `${low.toFixed(2)}–${high.toFixed(2)}`;
    return [name, cell(ours), cell(theirs), `${median.toFixed(2)} (${interval})`];
  });
  const head = [`${kind.name}, ${count} rounds`, 'this', 'against', 'ratio (95 %)'];
  return { table: `\n${markdown(head, rows)}`, measured };
}
