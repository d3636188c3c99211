import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NumberedLab } from './lab.ts';
import type { WorkingCopy } from './working-copy.ts';

type Texts = ReadonlyMap<string, string>;

/** Returns the files that a solution changes. */
export const filesOf = ({ damage, steps = [], solution = [] }: NumberedLab): string[] => [
  ...new Set([...damage, ...steps.flat(), ...solution].map(({ file }) => file)),
];

/** Brings a copy from the damaged state to the solution. @param afterStep is called after each step but the last */
export async function solve(
  copy: WorkingCopy,
  lab: NumberedLab,
  afterStep: (step: number) => Promise<void> = async () => undefined,
): Promise<void> {
  copy.restore(filesOf(lab));
  if (!lab.solution) return;
  copy.apply(lab.damage);
  for (const [index, step] of (lab.steps ?? []).entries()) {
    copy.apply(step);
    await afterStep(index + 1);
  }
  copy.apply(lab.solution);
}

/** Reads files of a copy; one that the participant has removed is empty. */
export const textsOf = (copy: WorkingCopy, files: readonly string[]): Texts =>
  new Map(files.map((file) => [file, copy.read(file)]));

/** Compares a participant's files with those of the solution. @returns what git prints; empty without git */
export function differences(yours: Texts, solution: Texts): string {
  const folder = mkdtempSync(join(tmpdir(), 'fieldguide-solution-'));
  try {
    for (const [name, texts] of Object.entries({ yours, solution }))
      for (const [file, text] of texts) {
        mkdirSync(dirname(join(folder, name, file)), { recursive: true });
        writeFileSync(join(folder, name, file), text);
      }
    const colour = `--color=${process.stdout.isTTY ? 'always' : 'never'}`;
    const args = ['--no-pager', 'diff', '--no-index', '--no-prefix', colour, 'yours', 'solution'];
    return spawnSync('git', args, { cwd: folder, encoding: 'utf8' }).stdout ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
