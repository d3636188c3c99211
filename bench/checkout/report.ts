import { DISPATCH_DELAY_MS, type Measured } from './measure.ts';
import type { Totals } from './usage.ts';

const sum = (totals: Totals) => Object.values(totals).reduce((all, each) => all + each, 0);

/** Returns the results of one load as Markdown. */
export function table(measured: Measured): string {
  const { name, orders, usage, idle, ends, failures, open, placingMs, completionMs } = measured;
  const counts = (all: Readonly<Record<string, number>>) =>
    Object.entries(all)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ') || 'none';
  const seconds = usage.atMs / 1_000;
  const { 'load generator': generator = 0, ...system } = usage.cpuMs;
  const { 'load generator': _, ...idleCpuMs } = idle.cpuMs;
  const perSecond = (ms: number | undefined) => (ms ?? 0) / (idle.atMs / 1_000);
  const withoutIdle = (ms: number, idleMs: number | undefined) =>
    ((ms - perSecond(idleMs) * seconds) / orders).toFixed(2);
  const rows = (totals: Totals, digits: number) =>
    Object.entries(totals)
      .filter(([, total]) => total / orders >= 0.005)
      .toSorted(([, a], [, b]) => b - a)
      .map(([what, total]) => [what, (total / orders).toFixed(digits)] as const);
  return [
    `\n### ${name}\n`,
    lines(
      ['', ''],
      [
        ['placed', `${measured.placedPerSecond.toFixed(1)}/s`],
        ['completed meanwhile', `${measured.completedPerSecond.toFixed(1)}/s`],
        ['sustained (until the last is completed)', `${measured.sustainedPerSecond.toFixed(1)}/s`],
        ['open checkouts: start, middle, end', `${open.start}, ${open.middle}, ${open.end}`],
        ['growth in the second half', `${measured.backlogPerSecond.toFixed(1)}/s`],
        ['placing p50, p99', `${placingMs.p50.toFixed(0)} ms, ${placingMs.p99.toFixed(0)} ms`],
        [
          `click → completed p50, p99 (with ${DISPATCH_DELAY_MS} ms dispatch delay)`,
          `${completionMs.p50.toFixed(0)} ms, ${completionMs.p99.toFixed(0)} ms`,
        ],
        ['ends', counts(ends)],
        ['not acknowledged', counts(failures)],
      ],
    ),
    lines(
      ['CPU of one order', 'ms', 'above idle, ms', 'idle, ms/s', 'garbage collection'],
      [
        [
          '**all**',
          (sum(system) / orders).toFixed(2),
          withoutIdle(sum(system), sum(idleCpuMs)),
          perSecond(sum(idleCpuMs)).toFixed(1),
          '',
        ],
        ...rows(system, 2).map(([what, ms]) => [
          what,
          ms,
          perSecond(idle.cpuMs[what]).toFixed(1),
          usage.gcSeconds[what] === undefined
            ? ''
            : `${((usage.gcSeconds[what] / seconds) * 100).toFixed(1)} % of ${seconds.toFixed(0)} s`,
        ]),
        ['load generator', (generator / orders).toFixed(2), '', '', ''],
      ],
    ),
    lines(
      ['commits of one order', ''],
      [['**all**', (sum(usage.commits) / orders).toFixed(2)], ...rows(usage.commits, 2)],
    ),
    lines(
      ['messages of one order', ''],
      [['**all**', (sum(usage.messages) / orders).toFixed(2)], ...rows(usage.messages, 2)],
    ),
  ].join('\n');
}

function lines(head: readonly string[], body: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[row(head), `|${'---|'.repeat(head.length)}`, ...body.map(row)].join('\n')}\n`;
}
