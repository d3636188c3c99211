// Runs the suites of `npm test` and CI: check and contracts beside the integration tests, which mostly wait for real backing
// services; then unit tests, and end to end on the running system, each alone.
import { spawn } from 'node:child_process';
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

const integration = suite('int', 'held');
await run('check', 'node', ['tools/check.ts']);
for (const step of ['test-pact', 'try-fields'])
  await run(step, 'node', [`tools/contracts/${step}.ts`]);
await integration;
await suite('unit'); // alone: some of its specs compare latencies
await suite('e2e');
rmSync(folder, { recursive: true });
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed + broken > 0 || process.exitCode ? 1 : 0);

/** Runs a project of vitest, and counts its tests. */
async function suite(project: string, output?: 'held'): Promise<void> {
  const report = join(folder, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  await run(project, 'npx', ['vitest', 'run', '--project', project, ...reporters], output);
  try {
    const read = JSON.parse(readFileSync(report, 'utf8')) as Report;
    passed += read.numPassedTests;
    failed += read.numFailedTests;
    skipped += read.numPendingTests;
  } catch {
    broken += 1; // it ended before it wrote a report, and printed the reason
  }
}

/** @param output `held`: printed when the command has ended, so that it does not mix with that of others */
async function run(
  name: string,
  command: string,
  args: readonly string[],
  output: 'held' | 'inherit' = 'inherit',
): Promise<void> {
  const startMs = performance.now();
  const title = `\n── ${name}`;
  if (output === 'inherit') console.log(title);
  const child = spawn(command, args, {
    stdio: output === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  const held: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => held.push(chunk));
  const status = await new Promise<number | null>((resolve) => {
    child.once('close', resolve).once('error', ({ message }) => console.error(message));
  });
  if (output === 'held') process.stdout.write(Buffer.concat([Buffer.from(`${title}\n`), ...held]));
  const result = status === 0 ? 'ok' : 'FAILED';
  console.log(`── ${name}: ${result} in ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
  if (status !== 0) process.exitCode = 1;
}
