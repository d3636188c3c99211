// `npm run bench:event-store [-- --table]` compares our event store with Emmett, a hand-written one and pgbench in one run.
// Exits with 1 when a goal is missed.
import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { withPostgres } from '@fieldguide/tools/contracts/postgres';
import { Command } from 'commander';
import { rolldown } from 'rolldown';
import { locate } from '../pgbench.ts';
import { type Measured, print, ratesTable } from './report.ts';

const { table, rounds } = new Command('npm run bench:event-store --')
  .description(
    'Measure appends, reads, feed and rebuild of the event store against others (three minutes)',
  )
  .option('--table', 'Also print the appends per second as a Markdown table')
  .option('--rounds <n>', 'Number of measurements of each', '10')
  .parse()
  .opts<{ table?: boolean; rounds: string }>();

// Inside this workspace, whose node_modules contain the compared libraries.
const folder = mkdtempSync(join(process.cwd(), 'bench/.bundle-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

// Decorators need a compiler; a bundle is also what runs in production.
const file = join(folder, 'bench.mjs');
const build = await rolldown({
  input: 'bench/event-store/bench.ts',
  platform: 'node',
  tsconfig: 'tsconfig.json',
  external: (id) => !/^([./]|@fieldguide\/|@oxc-project\/|\0)/.test(id),
  logLevel: 'silent',
});
await build.write({ file, format: 'esm', keepNames: true });
await build.close();

const measured: Measured[] = [];
await withPostgres(async (url, pid) => {
  // Pin the database and its client to separate cores, so that they do not compete for one.
  const taskset = cpus().length > 1 && pid !== undefined ? locate('taskset') : undefined;
  if (taskset) execFileSync(taskset, ['-apc', '0', String(pid)]);
  for (const part of ['appends', 'reads of one', 'reads of ten', 'feed', 'rebuild', 'snapshots']) {
    process.stderr.write(`  ${part} …\n`);
    const pgbench = locate('pgbench');
    const env = {
      ...process.env,
      BENCH_POSTGRES: url,
      BENCH_ROUNDS: rounds,
      ...(pgbench && { BENCH_PGBENCH: pgbench }),
    };
    const child = fork(file, [part], { env });
    if (taskset) execFileSync(taskset, ['-apc', '1', String(child.pid)]);
    child.once('message', (message) => measured.push(message as Measured));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`${part} exited with ${code}`);
  }
});
const lines = measured.flatMap((each) => each.lines);
print(lines);
if (table) console.log(ratesTable(measured.flatMap(({ rates = [] }) => rates)));
process.exitCode = lines.some(({ verdict }) => verdict === 'missed') ? 1 : 0;
