// What `fieldguide lab …` does. Loaded by the command when it runs, so that other commands start without it.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment, home, root } from '@fieldguide/platform-host/environment';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { runningPlatform } from '@fieldguide/platform-host/state';
import { type MysteryOptions, mysteryCommand } from '../mystery/commands.ts';
import { allLabs, labOf } from './catalogue.ts';
import { formatVerdict, runChecksOf, type Verdict } from './checks.ts';
import type { Lab, NumberedLab } from './lab.ts';
import { LabPlatform } from './lab-platform.ts';
import { type Lesson, lessonOf } from './lesson.ts';
import {
  changed,
  type LabProgress,
  maySeeSolution,
  nextOf,
  type Progress,
  readProgress,
  started,
  writeProgress,
} from './progress.ts';
import { differences, filesOf, solve, textsOf } from './solution.ts';
import { WorkingCopy } from './working-copy.ts';

/** The result of a command: data for programs, text for people. */
export interface Result {
  readonly data: unknown;
  readonly text: string;
  /** False: exit code 1. */
  readonly ok?: boolean;
}
type Report = (line: string) => void;

const STOP_MS = 60_000;
const EDIT_POLL_MS = 1_000;
const work = join(home, 'labs', 'work');
const progressFile = join(home, 'labs', 'progress.json');
const copy = new WorkingCopy(work, root);
const system = () => new LabPlatform('lab', work);
/** The participant's system. */
const own = new Environment('local');
const place = (file: string) => relative(process.cwd(), file);

export async function list(): Promise<Result> {
  const progress = readProgress(progressFile);
  const data = (await allLabs()).map(({ number, title, minutes, level, patterns }) => ({
    number,
    title,
    minutes,
    level,
    patterns,
    state: stateOf(progress, number),
  }));
  const rows = data.map((each) => [
    String(each.number),
    each.title,
    `${each.minutes} min`,
    each.level,
    each.patterns.join(', '),
    each.state,
  ]);
  return { data, text: table(['LAB', 'TITLE', 'TIME', 'LEVEL', 'PATTERNS', 'STATE'], rows) };
}

/** Starts a lab: a new copy of the sources, the damage, and a system with empty data, if the lab has one. */
export async function start(number: number, report: Report): Promise<Result> {
  const startMs = performance.now();
  const lab = await labOf(number);
  await (lab.system === false ? damage(lab) : startSystem(lab, report));
  writeProgress(
    progressFile,
    started(readProgress(progressFile), number, new Date().toISOString()),
  );
  const { gatewayUrl, providerUrl } = runningPlatform(system().environment) ?? {};
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  const running = [
    `The shop of the lab runs at ${gatewayUrl} (${seconds} s), the payment ledger is ${providerUrl}/ledger.`,
    'Add --env lab to commands other than "lab", as in: npx fieldguide console --env lab',
  ];
  const text = [
    readFileSync(join(lab.folder, 'README.md'), 'utf8').trim(),
    '',
    `Edit the files in ${place(work)}; edits of an earlier lab are gone.`,
    ...(lab.system === false ? [] : running),
    'Next: npx fieldguide lab check',
  ].join('\n');
  const { title } = lab;
  const data = { number, title, folder: work, seconds };
  return { data: lab.system === false ? data : { ...data, gatewayUrl }, text };
}

/** The participant's own system is stopped first. */
async function startSystem(lab: NumberedLab & Lab, report: Report): Promise<void> {
  if (system().isRunning) {
    await stopOwn(report);
    report('Starting the system of the lab with empty data');
    await damage(lab);
    if (await system().renew(lab.apps)) return;
  }
  copy.create(); // the system starts undamaged: damage to a library would concern every app
  if (runningPlatform(own)) await Promise.all([stopOwn(report), system().stage()]);
  report('Starting the system of the lab with empty data');
  await system().start(async () => {
    copy.apply(lab.damage);
    if (lab.apps.length > 0) await system().stage(lab.apps);
  });
  await system().push(lab.apps);
}

/** Makes a new copy of the sources, with the damage. */
async function damage(lab: NumberedLab): Promise<void> {
  copy.create();
  copy.apply(lab.damage);
  if (lab.system === false) await lab.prepare(work);
}

/** Stages what changed in the copy, and runs the checks. */
export async function check(report: Report): Promise<Result> {
  const { lab, progress } = await current();
  if (lab.system === false) report('Checking your edits');
  const error = lab.system === false ? undefined : await push(lab, report);
  if (error) return { data: { passed: false, error }, text: error, ok: false };
  const soFar: Verdict[] = [];
  const save = (change: Partial<LabProgress> = {}) =>
    writeProgress(progressFile, changed(progress, lab.number, { verdicts: soFar, ...change }));
  save();
  const verdicts = await runChecksOf(lab, work, openShop, (each) => {
    report(formatVerdict(each));
    soFar.push(each);
    save();
  });
  const passed = verdicts.every((verdict) => verdict.ok);
  if (passed) save({ passedAt: new Date().toISOString() });
  return { data: { passed, verdicts }, text: summary(lab, verdicts), ok: passed };
}

/** Returns a hash of the working copy. */
export const version = (): string => copy.hash();

/** Waits until the working copy is no longer of this version: also an edit during a check counts. */
export async function untilEdited(since: string): Promise<void> {
  while (version() === since) await sleep(EDIT_POLL_MS);
}

export async function hint(): Promise<Result> {
  const { lab, progress } = await current();
  const isOpen = !maySeeSolution(progress, lab.number);
  const used = Math.min((progress.labs[lab.number]?.hints ?? 0) + 1, lab.hints.length);
  writeProgress(progressFile, changed(progress, lab.number, { hints: used }));
  const hints = lab.hints.slice(0, used);
  const lines = hints.map((each, index) => `${index + 1}. ${each}`);
  if (used === lab.hints.length)
    lines.push('', `No more hints: fieldguide lab solution${isOpen ? ' --give-up' : ''}`);
  return { data: { hints }, text: lines.join('\n') };
}

/** Brings the damage back as it was at the start; data stays. */
export async function reset(): Promise<Result> {
  const { lab } = await current();
  await damage(lab);
  if (lab.system !== false && system().isRunning) await system().push(lab.apps);
  return { data: { number: lab.number }, text: `Lab ${lab.number} is as it was at its start.` };
}

/** Returns the lab that was started last, for the console. */
export async function lesson(): Promise<Lesson | null> {
  const progress = readProgress(progressFile);
  return progress.current === undefined ? null : lessonOf(await labOf(progress.current), progress);
}

/** Applies the solution and explains it. @throws CliError before the lab is passed, unless the participant gives up */
export async function solution(giveUp: boolean, report: Report): Promise<Result> {
  const { lab, progress } = await current();
  if (giveUp) writeProgress(progressFile, changed(progress, lab.number, { gaveUp: true }));
  else if (!maySeeSolution(progress, lab.number))
    throw new CliError(
      `Lab ${lab.number} is not passed yet.`,
      'fieldguide lab check; fieldguide lab hint; fieldguide lab solution --give-up',
    );
  const isPassed = progress.labs[lab.number]?.passedAt !== undefined;
  const before = textsOf(copy, filesOf(lab));
  await carryOut(lab, isPassed, report);
  const files = filesOf(lab).map((file) => place(join(work, file)));
  const diff = differences(before, textsOf(copy, filesOf(lab)));
  const where =
    files.length === 0
      ? 'It is done.'
      : `The solution has replaced your edits in:\n  ${files.join('\n  ')}`;
  const text = [where, ...(diff ? [diff.trimEnd()] : []), lab.after.trim()].join('\n\n');
  return { data: { files, after: lab.after }, text };
}

/** Puts the solution into the copy. Before a pass its earlier steps are checked, or done on the running system. */
async function carryOut(lab: NumberedLab, isPassed: boolean, report: Report): Promise<void> {
  if (isPassed) return solve(copy, lab);
  if (lab.system !== false) {
    await solve(copy, lab);
    return lab.act?.(await openShop());
  }
  await lab.prepare(work);
  await solve(copy, lab, async (step) => {
    report(`Step ${step} of the solution:`);
    await runChecksOf(lab, work, openShop, (each) => report(formatVerdict(each)));
  });
}

/** Starts the next lab that is not passed. */
export async function next(report: Report): Promise<Result> {
  const numbers = (await allLabs()).map(({ number }) => number);
  const number = nextOf(numbers, readProgress(progressFile));
  if (number === undefined) return { data: { done: true }, text: 'You have passed every lab.' };
  return start(number, report);
}

export async function stop(): Promise<Result> {
  await system().stop();
  return {
    data: { stopped: true },
    text: 'The system of the lab is stopped. npm start runs yours.',
  };
}

/** Starts a mystery, or continues it: more orders, a hint, an answer. */
export const mystery = (options: MysteryOptions, report: Report): Promise<Result> =>
  mysteryCommand(system(), options, async () => {
    await stopOwn(report);
    report('Starting the system of the lab with empty data');
    copy.create();
    await system().start();
  });

/** Reports what keeps a lab from working, with what to do. */
export async function doctor(): Promise<Result> {
  const { current: number } = readProgress(progressFile);
  const needsSystem = number === undefined || (await labOf(number)).system !== false;
  const ofSystem = [
    [system().isRunning, 'the system of the lab runs', `fieldguide lab start ${number ?? 13}`],
    [!runningPlatform(own), 'your own system is stopped, so that memory suffices', 'npm run stop'],
  ] as const;
  const checks = [
    [number !== undefined, `lab ${number ?? '–'} is started`, 'fieldguide lab start 13'],
    ...(needsSystem ? ofSystem : []),
  ] as const;
  const text = checks.map(([good, what, how]) =>
    good ? `${styleText('green', '✓')} ${what}` : `${styleText('red', '✗')} ${what}\n  try: ${how}`,
  );
  const data = checks.map(([good, what]) => ({ ok: good, what }));
  return { data, text: text.join('\n'), ok: data.every((each) => each.ok) };
}

async function current(): Promise<{ lab: NumberedLab; progress: Progress }> {
  const progress = readProgress(progressFile);
  if (progress.current === undefined)
    throw new CliError('No lab is started.', 'fieldguide lab list; fieldguide lab start 13');
  return { lab: await labOf(progress.current), progress };
}

const openShop = () => system().shop();

/** @returns the error of an app that cannot be staged */
async function push({ apps, number }: NumberedLab & Lab, report: Report) {
  if (!system().isRunning)
    throw new CliError('The system of the lab does not run.', `fieldguide lab start ${number}`);
  if (apps.length > 0) report(`Pushing your edits of ${apps.join(', ')}`);
  return system()
    .push(apps)
    .then(
      () => undefined,
      ({ message }: Error) => message,
    );
}

/** Kafka and PostgreSQL should not run twice on a participant's machine. */
async function stopOwn(report: Report): Promise<void> {
  if (!runningPlatform(own)) return;
  report('Stopping your own system: the lab runs one of its own. Its data stays; npm start later.');
  await new PlatformClient(own).call('POST', '/stops');
  if (!(await waitUntil(() => !runningPlatform(own), STOP_MS)))
    throw new CliError('Your own system did not stop in time.', 'npm run stop');
}

function stateOf({ current: number, labs }: Progress, lab: number): string {
  if (labs[lab]?.passedAt) return 'passed';
  if (labs[lab]?.gaveUp) return 'solution seen';
  return number === lab ? 'started' : '';
}

function summary(lab: NumberedLab, verdicts: readonly Verdict[]): string {
  const failed = verdicts.find((verdict) => !verdict.ok);
  return failed
    ? `Lab ${lab.number} is not repaired yet. fieldguide lab hint helps.`
    : `Lab ${lab.number} is passed. fieldguide lab solution explains it; fieldguide lab next starts another.`;
}
