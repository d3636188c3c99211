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

/** Returns the labs that a commit changes, and one more that the commit's hash selects. */
export function toProve(
  labs: readonly NumberedLab[],
  changedFiles: readonly string[],
  commit: string,
): { readonly changed: NumberedLab[]; readonly rotating: NumberedLab } {
  const changed = labs.filter((lab) => {
    const own = new RegExp(`^labs/0*${lab.number}-`);
    return changedFiles.some((file) => own.test(file) || editedBy(lab).includes(file));
  });
  const rotating = labs[Number.parseInt(commit.slice(0, 8), 16) % labs.length]!;
  return { changed, rotating };
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
