import { styleText } from 'node:util';
import { guards } from './guards.ts';
import { type Check, type Finding, type Lab, red } from './lab.ts';
import type { Shop } from './shop.ts';

/** The outcome of one check. */
export type Verdict = Finding & Pick<Check, 'name' | 'expected' | 'look'>;

const LOOK_AROUND = 'npx fieldguide status --env lab; npx fieldguide logs --env lab';

/** Runs the checks of a lab and then those of every lab, until one fails; then ends all faults. @returns a verdict for each that ran */
export async function runChecks(
  { checks }: Pick<Lab, 'checks'>,
  shop: Shop,
  report: (verdict: Verdict) => void = () => undefined,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, expected, look, run } of [...checks, ...guards]) {
    const finding = await run(shop).catch((error: Error) => red(error.message, LOOK_AROUND));
    const verdict = { name, expected, look: shop.named(look), ...finding };
    verdicts.push(verdict);
    report(verdict);
    if (!finding.ok) break;
  }
  await shop.endFaults();
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
