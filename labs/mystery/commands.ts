// What `fieldguide lab mystery` does: starts a mystery, gives hints, judges an answer, keeps the score.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { appNames } from '@fieldguide/platform-host/apps';
import { backingNames } from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { home, writeFileSafely } from '@fieldguide/platform-host/environment';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { runningPlatform } from '@fieldguide/platform-host/state';
import type { LabPlatform } from '../frame/lab-platform.ts';
import { type Mystery, mysteries, patterns } from './mysteries.ts';
import { type Answer, begin, end, judge, placeOrders } from './mystery.ts';

interface Score {
  readonly seed: number;
  /** Process of the platform: a lab that starts later runs another, without the fault. */
  readonly pid: number;
  readonly startedAt: string;
  readonly hints: number;
  readonly wrong: number;
}
interface Result {
  readonly data: unknown;
  readonly text: string;
  readonly ok?: boolean;
}
/** Options of the command. */
export interface MysteryOptions extends Partial<Answer> {
  readonly seed?: number;
  readonly hint?: true;
}

const MINUTE_MS = 60_000;
const file = join(home, 'labs', 'mystery.json');
const write = (score: Score) => writeFileSafely(file, `${JSON.stringify(score)}\n`);
const read = (): Score | undefined =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;

/** @param prepare starts the system of the labs without damage */
export async function mysteryCommand(
  system: LabPlatform,
  options: MysteryOptions,
  prepare: () => Promise<void>,
): Promise<Result> {
  const { seed, hint, service, pattern, evidence } = options;
  const known = seed === undefined ? read() : undefined;
  const score = known?.pid === runningPlatform(system.environment)?.pid ? known : undefined;
  const given = [service, pattern, evidence].filter((each) => each !== undefined);
  if (!score && (hint || given.length > 0))
    throw new CliError('No mystery is started.', 'fieldguide lab mystery');
  if (score && hint) return nextHint(score);
  if (score && service !== undefined && pattern !== undefined && evidence !== undefined)
    return answered(system, score, { service, pattern, evidence });
  if (given.length > 0)
    throw new CliError(
      'An answer has three parts: --service, --pattern and --evidence.',
      `--pattern is one of: ${patterns.join(', ')}`,
    );
  if (score) return again(system, score);
  return started(system, seed ?? (Date.now() % mysteries.length) + 1, prepare);
}

function mysteryOf(seed: number): Mystery {
  const mystery = mysteries[seed - 1];
  if (mystery) return mystery;
  throw new CliError(`There is no mystery ${seed}.`, `a number from 1 to ${mysteries.length}`);
}

async function started(system: LabPlatform, seed: number, prepare: () => Promise<void>) {
  const mystery = mysteryOf(seed);
  rmSync(file, { force: true });
  await prepare();
  const shop = await system.shop();
  await begin(system.client, mystery);
  const { pid } = runningPlatform(system.environment)!;
  write({ seed, pid, startedAt: new Date().toISOString(), hints: 0, wrong: 0 });
  return introduction(mystery, seed, await placeOrders(shop));
}

async function again(system: LabPlatform, { seed }: Score): Promise<Result> {
  return introduction(mysteryOf(seed), seed, await placeOrders(await system.shop()));
}

function introduction({ symptom }: Mystery, seed: number, orders: readonly string[]): Result {
  const text = [
    symptom,
    '',
    `${orders.length} orders are placed, the last one is ${orders.at(-1) ?? 'none'}.`,
    'Look at status, checkouts, explain, logs, traces, env and the console, with --env lab.',
    'Then: npx fieldguide lab mystery --service NAME --pattern PATTERN --evidence "WHAT YOU SAW"',
    `PATTERN is one of: ${patterns.join(', ')}.`,
  ].join('\n');
  return { data: { seed, symptom, patterns, orders }, text };
}

function nextHint(score: Score): Result {
  const { way } = mysteryOf(score.seed);
  const hints = Math.min(score.hints + 1, way.length);
  write({ ...score, hints });
  const shown = way.slice(0, hints).map(({ why, command }) => `${why} fieldguide ${command}`);
  return { data: { hints: shown }, text: shown.join('\n') };
}

async function answered(system: LabPlatform, score: Score, answer: Answer): Promise<Result> {
  const mystery = mysteryOf(score.seed);
  parseChoice('app or backing service', answer.service, [...appNames, ...backingNames]);
  parseChoice('pattern', answer.pattern, patterns);
  const judgement = await judge(await system.shop(), mystery, answer);
  const { help, ...parts } = judgement;
  if (help) {
    write({ ...score, wrong: score.wrong + 1 });
    const marks = Object.entries(parts).map(([part, isRight]) => `${isRight ? '✓' : '✗'} ${part}`);
    return { data: judgement, text: [...marks, help].join('\n'), ok: false };
  }
  await end(system.client, mystery);
  rmSync(file, { force: true });
  const minutes = Math.ceil((Date.now() - Date.parse(score.startedAt)) / MINUTE_MS);
  const { hints, wrong } = score;
  const text = `Solved in ${minutes} min, ${hints} hints, ${wrong} wrong answers. The fault has ended.\n\n${mystery.explanation}`;
  return { data: { ...judgement, minutes, hints, wrong, explanation: mystery.explanation }, text };
}
