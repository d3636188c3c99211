import { existsSync, readFileSync } from 'node:fs';
import { writeFileSafely } from '@fieldguide/platform-host/environment';
import type { Verdict } from './checks.ts';

/** What a participant has done in one lab. Times are ISO 8601. */
export interface LabProgress {
  readonly startedAt: string;
  readonly hints: number;
  readonly passedAt?: string;
  readonly gaveUp?: true;
  /** Of the last check. */
  readonly verdicts?: readonly Verdict[];
}
/** `current` is the lab that was started last. */
export interface Progress {
  readonly current?: number;
  readonly labs: Readonly<Record<number, LabProgress>>;
}

/** Returns the progress after the start of a lab: hints and passes of an earlier start are kept. */
export function started({ labs }: Progress, number: number, at: string): Progress {
  const { verdicts: _, ...before } = labs[number] ?? { hints: 0 };
  return { current: number, labs: { ...labs, [number]: { ...before, startedAt: at } } };
}

/** Returns the progress with changes in one lab. */
export function changed(progress: Progress, number: number, change: Partial<LabProgress>) {
  const lab = { startedAt: '', hints: 0, ...progress.labs[number], ...change };
  return { ...progress, labs: { ...progress.labs, [number]: lab } };
}

/** Returns the first of these labs after `current` that has not been passed, or the first of all that has not. */
export function nextOf(numbers: readonly number[], { current = 0, labs }: Progress) {
  const open = numbers.filter((number) => !labs[number]?.passedAt);
  return open.find((number) => number > current) ?? open[0];
}

/** Returns whether the solution may be shown. */
export const maySeeSolution = ({ labs }: Progress, number: number): boolean =>
  Boolean(labs[number]?.passedAt ?? labs[number]?.gaveUp);

export function readProgress(file: string): Progress {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { labs: {} };
}

export function writeProgress(file: string, progress: Progress): void {
  writeFileSafely(file, `${JSON.stringify(progress, null, 2)}\n`);
}
