import type { NumberedLab } from './lab.ts';
import { filesOf } from './solution.ts';

/** Shuffles a list; the same seed gives the same order. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const rest = [...items];
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(next() * rest.length), 1));
  return order;
}

/** Returns the files of the system that a lab edits. */
const editedBy = (lab: NumberedLab) => [
  ...filesOf(lab),
  ...lab.wrong.flatMap(({ edits }) => edits.map(({ file }) => file)),
];

/** A part of CI may take three minutes, half a minute of which is the start of the system. */
export const BUDGET_SECONDS = 145;

export interface Plan {
  /** First those whose own folder changed, then those whose edited files did. */
  readonly changed: readonly NumberedLab[];
  /** Changed labs that exceed the budget. */
  readonly left: readonly NumberedLab[];
  /** One that the commit's hash selects of those that fit in the rest. */
  readonly rotating: NumberedLab | undefined;
}

/** Plans which labs a commit proves within the budget. */
export function toProve(
  labs: readonly NumberedLab[],
  changedFiles: readonly string[],
  commit: string,
): Plan {
  const isOwn = ({ number }: NumberedLab) =>
    changedFiles.some((file) => new RegExp(`^labs/0*${number}-`).test(file));
  const isEdited = (lab: NumberedLab) => changedFiles.some((file) => editedBy(lab).includes(file));
  const affected = [...labs.filter(isOwn), ...labs.filter((lab) => !isOwn(lab) && isEdited(lab))];
  const changed: NumberedLab[] = [];
  const rest = () => changed.reduce((sum, lab) => sum - lab.proofSeconds, BUDGET_SECONDS);
  for (const lab of affected) if (lab.proofSeconds <= rest()) changed.push(lab);
  const others = labs.filter((lab) => !affected.includes(lab) && lab.proofSeconds <= rest());
  return {
    changed,
    left: affected.filter((lab) => !changed.includes(lab)),
    rotating: others[Number.parseInt(commit.slice(0, 8), 16) % others.length],
  };
}

/** Returns the commands of the platform in the code blocks of a README, without those of the labs themselves. */
export function commandsOf(readme: string): string[] {
  return [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block]) => block!.split('\n'))
    .map((line) => line.replace(/\s+#.*/, ''))
    .filter(
      (line) => line.startsWith('npx fieldguide ') && !line.startsWith('npx fieldguide lab '),
    );
}
