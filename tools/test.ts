// Runs the suites of `npm test` and CI: check, contracts, unit, integration on real backing services, end to end on the
// running system.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
}

const folder = mkdtempSync(join(tmpdir(), 'fieldguide-test-'));
let [passed, failed, skipped, broken] = [0, 0, 0, 0];

run('check', 'node', ['tools/check.ts']);
for (const step of ['test-pact', 'try-fields']) run(step, 'node', [`tools/contracts/${step}.ts`]);
for (const project of ['unit', 'int', 'e2e']) {
  const report = join(folder, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  run(project, 'npx', ['vitest', 'run', '--project', project, ...reporters]);
  try {
    const read = JSON.parse(readFileSync(report, 'utf8')) as Report;
    passed += read.numPassedTests;
    failed += read.numFailedTests;
    skipped += read.numPendingTests;
  } catch {
    broken += 1; // it ended before it wrote a report, and printed the reason
  }
}
rmSync(folder, { recursive: true });
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed + broken > 0 || process.exitCode ? 1 : 0);

function run(name: string, command: string, args: readonly string[]): void {
  const startMs = performance.now();
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  console.log(
    `── ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - startMs) / 1_000).toFixed(1)} s`,
  );
  if (status !== 0) process.exitCode = 1;
}
