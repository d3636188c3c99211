// `npm run verify`: the checks that take too long for CI, about an hour; exits with 1 when one fails.
import { spawn } from 'node:child_process';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { Command } from 'commander';

const checks: readonly { what: string; command: string; env?: Record<string, string> }[] = [
  {
    what: 'Generated requests to the whole API (Schemathesis): no 5xx, no token ignored',
    command: 'node tools/schemathesis/run.ts',
  },
  {
    what: 'Prometheus: the rules by their tests, and each alert under its fault on the running system',
    command: 'node tools/prometheus/run.ts',
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
  {
    what: 'Benchmark of the event store against other libraries',
    command: 'npm run bench:event-store',
  },
  {
    what: 'CPU of the gateway for a proxied GET against other proxies',
    command: 'npm run bench:gateway',
  },
  {
    what: '50 bad bodies a second for 30 s during 100 orders and 10 sign-ins',
    command: 'npx vitest run --project e2e e2e/bad-bodies',
    env: { FIELDGUIDE_BAD_BODIES_SECONDS: '30' },
  },
  {
    what: 'One of three instances answers 500, answers late, is killed: 30 s each',
    command: 'npx vitest run --project e2e e2e/bad-instance',
    env: { FIELDGUIDE_BAD_INSTANCE_SECONDS: '30' },
  },
  {
    what: 'Catalog, Consul and the payment provider away for two minutes each',
    command: 'npx vitest run --project e2e e2e/outages',
    env: { FIELDGUIDE_OUTAGE_SECONDS: '120' },
  },
  {
    what: 'A push of every app under load: no failed request',
    command: "npx vitest run --project e2e e2e/keep-running -t 'a push'",
    env: { FIELDGUIDE_PUSH_ALL: 'true' },
  },
  {
    what: '20 kills of payments during calls to a slow or silent provider',
    command: "npx vitest run --project e2e e2e/checkout -t 'is charged at most once'",
    env: { FIELDGUIDE_PAYMENT_KILLS: '20' },
  },
  {
    what: '1,000 orders read immediately on another instance, while the projection lags',
    command: 'npx vitest run --project e2e e2e/consistency',
    env: { FIELDGUIDE_PROMPT_READS: '1000' },
  },
  {
    what: 'Every lab: red as shipped, green with its solution, each wrong answer with its own help',
    command: 'npm run labs:prove',
  },
  {
    what: '2 minutes of orders while Kafka, PostgreSQL and instances are killed',
    command: 'npx vitest run --project e2e e2e/chaos',
    env: { FIELDGUIDE_CHAOS_SECONDS: '120' },
  },
];

new Command('npm run verify --')
  .description(
    `Run the checks that take too long for CI, in sequence:\n${checks.map(({ what }) => `  ${what}`).join('\n')}`,
  )
  .parse();

// The exit code by convention: a requirement is missing on this machine, and the check has printed which.
const SKIPPED = 77;

const rows: string[][] = [];
for (const { what, command, env } of checks) {
  console.log(`\n▸ ${what}: ${command}`);
  const startMs = performance.now();
  const child = spawn(command, { shell: true, stdio: 'inherit', env: { ...process.env, ...env } });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  const sign = code === SKIPPED ? 'skipped' : code === 0 ? '✓' : '✗';
  rows.push([sign, what, `${minutes} min`]);
}
console.log(`\n${table(['', 'check', 'duration'], rows)}`);
process.exitCode = rows.some(([sign]) => sign === '✗') ? 1 : 0;
