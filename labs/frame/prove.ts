// `npm run labs:prove`: each lab is red as shipped, green with its solution, and helps with each wrong answer.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { home, root } from '@fieldguide/platform-host/environment';
import { output } from '@fieldguide/tools/contracts/run';
import { Command } from 'commander';
import { mysteries } from '../mystery/mysteries.ts';
import { proveMysteries } from '../mystery/prove-mysteries.ts';
import { allLabs } from './catalogue.ts';
import { formatVerdict, runChecksOf } from './checks.ts';
import type { NumberedLab } from './lab.ts';
import { LabPlatform } from './lab-platform.ts';
import { BUDGET_SECONDS, commandsOf, shuffled, toProve } from './prove-plan.ts';
import { solve } from './solution.ts';
import { WorkingCopy } from './working-copy.ts';

const ENV = 'lab-proof';
const folder = join(home, 'labs', 'proof');
const copy = new WorkingCopy(folder, root);
const system = new LabPlatform(ENV, folder);
const problems: string[] = [];

const { labs, changed, seed, mystery } = new Command('npm run labs:prove --')
  .description('Prove labs on a running system of their own')
  .option('--labs <numbers>', 'Only these labs, for example 13,16')
  .option('--changed', 'Labs that the last commit changes, and one more, within three minutes')
  .option('--mystery [seeds]', 'Only the mysteries, or these of them, for example 1,3')
  .option('--seed <number>', 'Order of the labs', Number, Date.now() % 100_000)
  .parse()
  .opts<{ labs?: string; changed?: true; seed: number; mystery?: true | string }>();

const startMs = performance.now();
const chosen = shuffled(await choose(), seed);
const seeds = chooseSeeds();
console.log(`Labs ${chosen.map(({ number }) => number).join(', ')}; order of seed ${seed}`);
// The system runs in a process group of its own, which a terminal's Ctrl-C does not reach.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void system.stop().finally(() => process.exit(130)));
try {
  copy.create();
  const needsSystem = seeds.length > 0 || chosen.some(({ system }) => system !== false);
  if (needsSystem) await system.start();
  for (const lab of chosen) await prove(lab);
  problems.push(...(await proveMysteries(system, seeds)));
} finally {
  await system.stop();
  system.environment.wipe();
}
for (const problem of problems) console.log(styleText('red', `✗ ${problem}`));
const seconds = Math.round((performance.now() - startMs) / 1_000);
const total = chosen.length + seeds.length;
const count = new Set(problems.map((problem) => problem.split(/[:,]/)[0])).size;
console.log(`${total - count} of ${total} labs and mysteries proven (${seconds} s)`);
process.exit(problems.length > 0 ? 1 : 0);

async function choose(): Promise<NumberedLab[]> {
  if (mystery) return [];
  const all = await allLabs();
  if (labs) return all.filter(({ number }) => labs.split(',').map(Number).includes(number));
  if (!changed) return all;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  const commit = git('rev-parse', 'HEAD').trim();
  // A shallow clone has one commit: then nothing counts as changed.
  const hasParent = git('rev-list', '--max-count=2', 'HEAD').trim().includes('\n');
  const files = hasParent ? git('diff', '--name-only', 'HEAD~1').split('\n') : [];
  const { changed: proven, left, rotating } = toProve(all, files, commit);
  const numbers = (some: readonly NumberedLab[]) =>
    some.map(({ number }) => number).join(', ') || 'none';
  const others = rotating ? [rotating] : [];
  console.log(`Changed: ${numbers(proven)}; selected by ${commit.slice(0, 8)}: ${numbers(others)}`);
  if (left.length > 0) {
    const text = `Changed labs that are not proven here: ${numbers(left)}. All that changed exceed ${BUDGET_SECONDS} s: npm run labs:prove -- --labs ${left.map(({ number }) => number)}, or npm run verify`;
    console.log(
      process.env.GITHUB_ACTIONS ? `::warning::${text}` : styleText('yellow', `! ${text}`),
    );
  }
  return [...proven, ...others];
}

function chooseSeeds(): number[] {
  if (typeof mystery === 'string') return mystery.split(',').map(Number);
  return mystery || (!labs && !changed) ? mysteries.map((_, index) => index + 1) : [];
}

async function prove(lab: NumberedLab): Promise<void> {
  const begunMs = performance.now();
  const name = `lab ${lab.number}`;
  await damage(lab);
  const damaged = copy.hash();
  if (lab.system !== false && !(await system.renew(lab.apps)))
    problems.push(`${name}: the running system does not renew`);
  await expectRed(`${name}, as shipped`, lab, lab.red);
  for (const command of commandsOf(readFileSync(join(lab.folder, 'README.md'), 'utf8')))
    await runCommand(name, command);
  if (lab.wrong.length < 2) problems.push(`${name}: has fewer than two wrong answers`);
  for (const { name: wrong, steps = [], edits, act, red, help } of lab.wrong) {
    await reset(name, lab, damaged);
    for (const step of steps) {
      copy.apply(step);
      await verdictsOf(lab);
    }
    copy.apply(edits);
    await act?.(await system.shop());
    await expectRed(`${name}, ${wrong}`, lab, red, help);
  }
  await reset(name, lab, damaged);
  let furthest = lab.checks.findIndex((check) => check.name === lab.red);
  await solve(copy, lab, async (step) => {
    furthest = await expectFurther(`${name}, step ${step} of the solution`, lab, furthest);
  });
  if (lab.system !== false) await lab.act?.(await system.shop());
  await expectGreen(`${name}, solution`, lab);
  const seconds = Math.round((performance.now() - begunMs) / 1_000);
  console.log(`  lab ${lab.number}: ${seconds} s, ${lab.proofSeconds} s planned`);
}

async function damage(lab: NumberedLab): Promise<void> {
  copy.create();
  copy.apply(lab.damage);
  if (lab.system === false) await lab.prepare(folder);
}

async function reset(name: string, lab: NumberedLab, damaged: string): Promise<void> {
  await damage(lab);
  if (copy.hash() !== damaged) problems.push(`${name}: reset gives another tree`);
}

async function verdictsOf(lab: NumberedLab) {
  if (lab.system !== false) await system.push(lab.apps);
  return runChecksOf(lab, folder, () => system.shop());
}

/** Expects that a step fails in a later check than the one before. @returns the index of the check that fails */
async function expectFurther(what: string, lab: NumberedLab, before: number): Promise<number> {
  const verdicts = await verdictsOf(lab);
  const failed = verdicts.findIndex(({ ok }) => !ok);
  const isRight = failed > before;
  console.log(`${isRight ? '✓' : '✗'} ${what}: ${verdicts[failed]?.name ?? 'green'} is next`);
  if (!isRight)
    problems.push(
      `${what}: expected red in a later check\n${verdicts.map(formatVerdict).join('\n')}`,
    );
  return failed;
}

async function expectRed(what: string, lab: NumberedLab, red: string, help = ''): Promise<void> {
  const failed = (await verdictsOf(lab)).find((verdict) => !verdict.ok);
  const isRight = failed?.name === red && !failed.ok && failed.next.includes(help);
  console.log(`${isRight ? '✓' : '✗'} ${what}: ${failed ? `red in "${failed.name}"` : 'green'}`);
  if (isRight) return;
  problems.push(`${what}: expected red in "${red}" with "${help}"`);
  if (failed) console.log(formatVerdict(failed));
}

async function expectGreen(what: string, lab: NumberedLab): Promise<void> {
  const failed = (await verdictsOf(lab)).find((verdict) => !verdict.ok);
  console.log(`${failed ? '✗' : '✓'} ${what}: ${failed ? `red in "${failed.name}"` : 'green'}`);
  if (!failed) return;
  problems.push(`${what}: expected green`);
  console.log(formatVerdict(failed));
}

async function runCommand(name: string, command: string): Promise<void> {
  const cli = join(root, 'platform/cli/bin/fieldguide.mjs');
  const args = command.replace('--env lab', `--env ${ENV}`).split(' ').slice(2);
  const ran = await output(process.execPath, [cli, ...args], { cwd: root });
  if (!ran.ok) problems.push(`${name}: the README's command fails: ${command}\n${ran.output}`);
}
