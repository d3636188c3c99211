import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guards } from './guards.ts';
import type { Check, Finding, NumberedLab } from './lab.ts';
import { maySeeSolution, type Progress } from './progress.ts';

/** A lab as its participant sees it now. */
export interface Lesson {
  readonly title: string;
  readonly minutes: number;
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
    story: readFileSync(join(lab.folder, 'README.md'), 'utf8'),
    checks: [...lab.checks, ...guards].map(({ name, expected, look }) => ({
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
