import { styleText } from 'node:util';
import { guards } from './guards.ts';
import { type Check, type Finding, type Lab, type NumberedLab, red } from './lab.ts';
import type { Shop } from './shop.ts';

/** The outcome of one check. */
export type Verdict = Finding & Pick<Check, 'name' | 'expected' | 'look'>;
type Report = (verdict: Verdict) => void;

const START_AGAIN = 'fieldguide lab reset starts again';
const LOOK_AROUND = 'npx fieldguide status --env lab; npx fieldguide logs --env lab';

/** The checks that a participant sees. */
export const checksOf = (lab: NumberedLab): readonly Omit<Check, 'run'>[] =>
  lab.system === false ? lab.checks : [...lab.checks, ...guards];

/** Runs the checks of a lab until one fails. @param open returns the running system, if the lab has one */
export async function runChecksOf(
  lab: NumberedLab,
  folder: string,
  open: () => Promise<Shop>,
  report?: Report,
): Promise<Verdict[]> {
  if (lab.system === false) return runEach(lab.checks, folder, { next: START_AGAIN, report });
  return runChecks(lab, await open(), report);
}

/** Runs the checks of a lab and then those of every system, until one fails; then ends all faults. @returns a verdict for each that ran */
export async function runChecks(
  { checks }: Pick<Lab, 'checks'>,
  shop: Shop,
  report?: Report,
): Promise<Verdict[]> {
  const named = (look: string) => shop.named(look);
  const verdicts = await runEach([...checks, ...guards], shop, {
    next: LOOK_AROUND,
    named,
    report,
  });
  await shop.endFaults();
  return verdicts;
}

interface Settings {
  /** What to try when a check throws. */
  readonly next: string;
  readonly named?: (look: string) => string;
  readonly report?: Report | undefined;
}
async function runEach<On>(
  checks: readonly Check<On>[],
  on: On,
  { next, named = (look) => look, report }: Settings,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, expected, look, run } of checks) {
    const finding = await run(on).catch((error: Error) => red(error.message, next));
    const verdict = { name, expected, look: named(look), ...finding };
    verdicts.push(verdict);
    report?.(verdict);
    if (!finding.ok) break;
  }
  return verdicts;
}

/** Formats a verdict: one line when it passed, otherwise what was expected, found, and what to try. */
export function formatVerdict(verdict: Verdict): string {
  if (verdict.ok) return `${styleText('green', '✓')} ${verdict.name}: ${verdict.found}`;
  return [
    `${styleText('red', '✗')} ${verdict.name}`,
    `  expected       ${verdict.expected}`,
    `  found          ${verdict.found}`,
    `  where to look  ${verdict.look}`,
    `  try next       ${verdict.next}`,
  ].join('\n');
}
