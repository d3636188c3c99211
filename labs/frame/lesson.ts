import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksOf } from './checks.ts';
import type { Check, Finding, NumberedLab } from './lab.ts';
import { maySeeSolution, type Progress } from './progress.ts';

/** A lab as its participant sees it now. */
export interface Lesson {
  readonly title: string;
  readonly minutes: number;
  /** False: the lab works on the sources, and no system runs for it. */
  readonly system: boolean;
  /** The README, in Markdown. */
  readonly story: string;
  /** Those that have not run, or not since the last start, have no finding. */
  readonly checks: readonly (Pick<Check, 'name' | 'expected' | 'look'> & Partial<Finding>)[];
  readonly hints: readonly string[];
  readonly hintsLeft: number;
  /** The explanation, in Markdown, when it may be shown. */
  readonly after?: string;
}

export function lessonOf(lab: NumberedLab, progress: Progress): Lesson {
  const { hints: used = 0, verdicts = [] } = progress.labs[lab.number] ?? {};
  return {
    title: `Lab ${lab.number}: ${lab.title}`,
    minutes: lab.minutes,
    system: lab.system !== false,
    story: readFileSync(join(lab.folder, 'README.md'), 'utf8'),
    checks: checksOf(lab).map(({ name, expected, look }) => ({
      name,
      expected,
      look,
      ...verdicts.find((each) => each.name === name),
    })),
    hints: lab.hints.slice(0, used),
    hintsLeft: lab.hints.length - used,
    ...(maySeeSolution(progress, lab.number) && { after: lab.after }),
  };
}
