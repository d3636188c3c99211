// `npm run verify`: the long figures, which a run of CI has no time for. About half an hour; exits with 1 when one is missed.
import { spawn } from 'node:child_process';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { Command } from 'commander';

const figures: readonly { what: string; command: string; env?: Record<string, string> }[] = [
  {
    what: 'Generated requests to the whole API (Schemathesis): no 5xx, no token ignored',
    command: 'node tools/schemathesis/run.ts',
  },
  {
    what: '10,000 interleavings of each kind; each naive implementation fails',
    command: 'npx vitest run --project int libs/event-store/src/interleavings',
    env: { FIELDGUIDE_INTERLEAVINGS: '10000' },
  },
  {
    what: '20 takeovers of a projection after SIGKILL or SIGSTOP',
    command: 'npx vitest run --project e2e e2e/takeover',
    env: { FIELDGUIDE_TAKEOVERS: '20' },
  },
  { what: 'The event store measured against others', command: 'npm run bench:event-store' },
  {
    what: '50 bad bodies a second for 30 s beside 100 orders and 10 sign-ins',
    command: 'npx vitest run --project e2e e2e/bad-bodies',
    env: { FIELDGUIDE_BAD_BODIES_SECONDS: '30' },
  },
  {
    what: '2 minutes of orders while Kafka, PostgreSQL and instances are killed',
    command: 'npx vitest run --project e2e e2e/chaos',
    env: { FIELDGUIDE_CHAOS_SECONDS: '120' },
  },
];

new Command('npm run verify --')
  .description(
    `Run the checks that take too long for CI, one after another:\n${figures.map(({ what }) => `  ${what}`).join('\n')}`,
  )
  .parse();

// By convention: what the check needs is not on this machine, and it has said so.
const SKIPPED = 77;

const rows: string[][] = [];
for (const { what, command, env } of figures) {
  console.log(`\n▸ ${what}: ${command}`);
  const startMs = performance.now();
  const child = spawn(command, { shell: true, stdio: 'inherit', env: { ...process.env, ...env } });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  const sign = code === SKIPPED ? 'skipped' : code === 0 ? '✓' : '✗';
  rows.push([sign, what, `${minutes} min`]);
}
console.log(`\n${table(['', 'figure', 'took'], rows)}`);
process.exitCode = rows.some(([sign]) => sign === '✗') ? 1 : 0;
