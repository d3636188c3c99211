import { cpus } from 'node:os';
import type { Measured } from './measure.ts';
import { GENERATOR, sum, type Totals } from './usage.ts';

const TOP_STATEMENTS = 40;
const SHOWN = 0.005; // of an order

/** Returns the results of one load as Markdown. */
export function report(title: string, measured: Measured): string {
  const { orders, usage, idle, placingMs, completionMs } = measured;
  const seconds = usage.atMs / 1_000;
  const idlePerSecond = (total = 0) => (total * 1_000) / idle.atMs;
  const ofOne = (total: number, idleTotal?: number) => [
    (total / orders).toFixed(2),
    ((total - idlePerSecond(idleTotal) * seconds) / orders).toFixed(2),
  ];
  const rows = (kind: 'cpuMs' | 'commits', more: (name: string) => string[] = () => []) =>
    largest(usage[kind], orders)
      .filter(([name]) => name !== GENERATOR)
      .map(([name, total]) => [name, ...ofOne(total, idle[kind][name]), ...more(name)]);
  const cpu = systemCpu(usage.cpuMs);
  const gc = (name: string) => {
    const spent = usage.gcSeconds[name];
    return spent === undefined ? '' : `${((spent * 100_000) / usage.cpuMs[name]!).toFixed(1)} %`;
  };
  const statements = byService(usage.statements);
  const idleStatements = byService(idle.statements);
  return [
    `\n### ${title}: ${measured.name}\n`,
    markdown(
      ['', ''],
      [
        ['orders placed', `${measured.placedPerSecond.toFixed(1)}/s`],
        ['completed meanwhile', `${measured.completedPerSecond.toFixed(1)}/s`],
        ['until the last is completed', `${measured.sustainedPerSecond.toFixed(1)}/s`],
        ['open at start, middle, end', measured.open.join(', ')],
        ['growth in the second half', `${measured.growthPerSecond.toFixed(1)}/s`],
        ['placing p50, p99', `${placingMs.p50.toFixed(0)}, ${placingMs.p99.toFixed(0)} ms`],
        [
          'click → completed p50, p99, without the dispatch delay',
          `${completionMs.p50.toFixed(0)}, ${completionMs.p99.toFixed(0)} ms`,
        ],
        ['ends', list(measured.ends)],
        ['not acknowledged', list(measured.failures)],
        [
          'CPU of other processes, stolen CPU',
          others(measured)
            .map((share) => `${(share * 100).toFixed(0)} %`)
            .join(', '),
        ],
      ],
    ),
    markdown(
      ['CPU of one order (ms)', 'all', 'above idle', 'idle, ms/s', 'garbage collection'],
      [
        [
          '**all**',
          ...ofOne(cpu, systemCpu(idle.cpuMs)),
          idlePerSecond(systemCpu(idle.cpuMs)).toFixed(1),
          '',
        ],
        ...rows('cpuMs', (name) => [idlePerSecond(idle.cpuMs[name]).toFixed(1), gc(name)]),
        [GENERATOR, ((usage.cpuMs[GENERATOR] ?? 0) / orders).toFixed(2), '', '', ''],
      ],
    ),
    markdown(
      ['commits of one order', 'all', 'above idle'],
      [['**all**', ...ofOne(sum(usage.commits), sum(idle.commits))], ...rows('commits')],
    ),
    markdown(
      ['messages of one order', ''],
      [
        ['**all**', (sum(usage.messages) / orders).toFixed(2)],
        ...largest(usage.messages, orders).map(([name, all]) => [name, (all / orders).toFixed(2)]),
      ],
    ),
    ...(sum(usage.statements) > 0
      ? [
          markdown(
            ['statements of one order', 'all', 'above idle'],
            [
              ['**all**', ...ofOne(sum(statements), sum(idleStatements))],
              ...largest(statements, orders).map(([service, all]) => [
                service,
                ...ofOne(all, idleStatements[service]),
              ]),
              ...largest(usage.statements, orders)
                .slice(0, TOP_STATEMENTS)
                .map(([text, all]) => [code(text), ...ofOne(all, idle.statements[text])]),
            ],
          ),
        ]
      : []),
  ].join('\n');
}

/** CPU of all processes except the load generator. */
export const systemCpu = (cpuMs: Totals) => sum(cpuMs) - (cpuMs[GENERATOR] ?? 0);

/** Share of this machine's CPU that other processes used, and that its host took away. */
export function others({ usage }: Measured): readonly [used: number, stolen: number] {
  const wholeMs = usage.atMs * cpus().length;
  const { used = 0, stolen = 0 } = usage.machineMs;
  return [Math.max(0, used - sum(usage.cpuMs)) / wholeMs, stolen / wholeMs];
}

function byService(statements: Totals): Totals {
  const totals: Record<string, number> = {};
  for (const [name, calls] of Object.entries(statements)) {
    const service = name.split(' | ', 1)[0]!;
    totals[service] = (totals[service] ?? 0) + calls;
  }
  return totals;
}

const largest = (totals: Totals, orders: number) =>
  Object.entries(totals)
    .filter(([, total]) => total / orders >= SHOWN)
    .toSorted(([, a], [, b]) => b - a);

const list = (counts: Totals) =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ') || 'none';

const code = (text: string) => `\`${text.replaceAll('|', '·').replaceAll('`', "'")}\``;

export function markdown(head: readonly string[], body: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[row(head), `|${'---|'.repeat(head.length)}`, ...body.map(row)].join('\n')}\n`;
}
