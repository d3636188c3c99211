// `npm run contracts:catalogue`: what developers might do to a contract, done in a copy, with the verdict of the tests.
import { styleText } from 'node:util';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { Command } from 'commander';
import { withPostgres } from '../../../tools/contracts/postgres.ts';
import type { Result } from '../../../tools/contracts/results.ts';
import { type Change, changes, type Verdict } from './changes.ts';
import { type Guard, guards } from './guards.ts';
import { Workshop } from './workshop.ts';

const AT_ONCE = 2;

const { only } = new Command('npm run contracts:catalogue --')
  .description(
    'Apply each change of the catalogue to a copy of the sources and compare the results',
  )
  .option('--only <text>', 'Play only changes whose name contains this text')
  .parse()
  .opts<{ only?: string }>();

interface Played {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly right: boolean;
  readonly why: string;
  readonly findings: readonly string[];
}

process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const begun = performance.now();
  const isWanted = ({ name }: { name: string }) => !only || name.includes(only);
  const [wanted, tried] = [changes.filter(isWanted), guards.filter(isWanted)];
  console.log(`${wanted.length} changes and ${tried.length} guards, each in a copy of the sources`);
  const [played, taken] = await withPostgres(async (url) => {
    const workshops = Array.from({ length: AT_ONCE }, () => new Workshop(url));
    try {
      return [
        await inTurn(wanted, workshops, play),
        await inTurn(tried, workshops, takeAway),
      ] as const;
    } finally {
      for (const workshop of workshops) workshop.close();
    }
  });

  const rows = played.map(({ name, found, right, why }) => [mark(right), name, found, why]);
  if (rows.length > 0) console.log(`\n${table(['', 'change', 'verdict', ''], rows)}`);
  const guarded = taken.map(({ name, found, right }) => [mark(right), name, found]);
  if (guarded.length > 0) console.log(`\n${table(['', 'guard taken away', 'said by'], guarded)}`);
  const wrong = [...played, ...taken].filter(({ right }) => !right);
  for (const { name, expected, found, findings } of wrong)
    console.log(
      `\n${styleText('red', name)}: expected ${expected}, found ${found}\n  ${findings.join('\n  ')}`,
    );
  const seconds = Math.round((performance.now() - begun) / 1_000);
  const all = played.length + taken.length;
  console.log(`\n${all - wrong.length} of ${all} as expected, ${seconds} s`);
  return wrong.length === 0;
}

/** Each once, in whichever copy is free. */
async function inTurn<Item>(
  items: readonly Item[],
  workshops: readonly Workshop[],
  work: (item: Item, workshop: Workshop) => Promise<Played>,
): Promise<Played[]> {
  const waiting = [...items.entries()];
  const done: Played[] = [];
  const serve = async (workshop: Workshop) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const outcome = await work(next[1], workshop);
      done[next[0]] = outcome;
      process.stderr.write(`  ${mark(outcome.right)} ${outcome.name}\n`);
    }
  };
  await Promise.all(workshops.map(serve));
  return done;
}

async function takeAway(guard: Guard, workshop: Workshop): Promise<Played> {
  const played = { name: guard.name, why: '', expected: String(guard.says) };
  try {
    workshop.edit(guard.edits);
    const { ok, output } = await guard.run(workshop);
    const said = guard.says.exec(output)?.[0];
    const found = said && !ok ? said.split('\n')[0]!.trim() : 'nobody';
    return { ...played, found, right: Boolean(said) && !ok, findings: [output] };
  } finally {
    workshop.restore();
  }
}

async function play(change: Change, workshop: Workshop): Promise<Played> {
  try {
    workshop.edit(change.edits);
    if (change.by === 'consumer') {
      const agreed = await workshop.agree(change.who);
      if (!agreed.ok) return broken(change, [agreed.output]);
    }
    const { ok, output, results } = await workshop.verify(change.asks ?? [change.who]);
    if (results.length === 0) return broken(change, [output]);
    const failed = results.filter((each) => !each.ok);
    if (!ok && failed.length === 0) return broken(change, [output]);
    return judged(change, failed);
  } catch (error) {
    return broken(change, [(error as Error).message]);
  } finally {
    workshop.restore();
  }
}

function judged(change: Change, failed: readonly Result[]): Played {
  const names = failed.map(({ consumer }) => consumer).toSorted();
  const expected = 'breaks' in change.verdict ? change.verdict.breaks.toSorted() : [];
  const findings = failed.flatMap((each) => each.findings);
  return {
    ...named(change),
    found: names.length > 0 ? `breaks ${names.join(', ')}` : quiet(change.verdict),
    right: names.join() === expected.join(),
    why: reason(change.verdict) || shortened(findings[1] ?? ''),
    findings,
  };
}

function broken(change: Change, findings: readonly string[]): Played {
  return { ...named(change), found: 'could not be tried', right: false, why: '', findings };
}

function named({ name, who, verdict }: Change) {
  return { name: `${name} (${who})`, expected: told(verdict) };
}

function shortened(text: string): string {
  const line = text.trim();
  return line.length > 70 ? `${line.slice(0, 69)}…` : line;
}

function mark(right: boolean): string {
  return right ? styleText('green', '✓') : styleText('red', '✗');
}

function quiet(verdict: Verdict): string {
  return 'notCaught' in verdict ? styleText('yellow', 'not caught') : 'harmless';
}

function reason(verdict: Verdict): string {
  if ('breaks' in verdict) return '';
  return 'harmless' in verdict ? verdict.harmless : verdict.notCaught;
}

function told(verdict: Verdict): string {
  return 'breaks' in verdict ? `breaks ${verdict.breaks.join(', ')}` : quiet(verdict);
}
