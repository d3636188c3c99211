// The catalogue: each change of a contract is applied to a copy of the sources, and the contract tests give a verdict.
import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { withPostgres } from '@fieldguide/tools/contracts/postgres';
import type { Result } from '@fieldguide/tools/contracts/results';
import { edited } from '../../frame/edit.ts';
import { type Change, changes, type Verdict } from './changes.ts';
import { type Guard, guards } from './guards.ts';
import { Workshop } from './workshop.ts';

const PARALLEL = 2;

interface Outcome {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly right: boolean;
  readonly why: string;
  readonly findings: readonly string[];
}

/** Applies the edits of the catalogue to texts in memory. @returns whether each finds its symbol */
export function checkEdits(only = ''): boolean {
  const wanted = [...changes, ...guards].filter(({ name }) => name.includes(only));
  const failures = wanted.flatMap(({ name, edits }) => {
    const texts = new Map<string, string>();
    try {
      for (const edit of edits)
        texts.set(edit.file, edited(texts.get(edit.file) ?? readFileSync(edit.file, 'utf8'), edit));
      return [];
    } catch (error) {
      return [`${mark(false)} ${name}: ${(error as Error).message}`];
    }
  });
  for (const failure of failures) console.log(failure);
  console.log(`${wanted.length - failures.length} of ${wanted.length} can be applied`);
  return failures.length === 0;
}

/** Plays the changes and guards whose name contains `only`. @returns whether every verdict is as expected */
export async function playCatalogue(only = ''): Promise<boolean> {
  const startMs = performance.now();
  const isWanted = ({ name }: { name: string }) => name.includes(only);
  const [wanted, tried] = [changes.filter(isWanted), guards.filter(isWanted)];
  if (wanted.length + tried.length === 0) {
    console.error(`No change or guard has "${only}" in its name.\nTry: --only field`);
    return false;
  }
  console.log(`${wanted.length} changes and ${tried.length} guards, each in a copy of the sources`);
  const [played, taken] = await withPostgres(async (url) => {
    const workshops = Array.from({ length: PARALLEL }, () => new Workshop(url));
    try {
      return [
        await forEach(wanted, workshops, play),
        await forEach(tried, workshops, removeGuard),
      ] as const;
    } finally {
      for (const workshop of workshops) workshop.close();
    }
  });

  const rows = played.map(({ name, found, right, why }) => [mark(right), name, found, why]);
  if (rows.length > 0) console.log(`\n${table(['', 'change', 'verdict', ''], rows)}`);
  const guarded = taken.map(({ name, found, right }) => [mark(right), name, found]);
  if (guarded.length > 0) console.log(`\n${table(['', 'removed guard', 'caught by'], guarded)}`);
  const wrong = [...played, ...taken].filter(({ right }) => !right);
  for (const { name, expected, found, findings } of wrong)
    console.log(
      `\n${styleText('red', name)}: expected ${expected}, found ${found}\n  ${findings.join('\n  ')}`,
    );
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  const all = played.length + taken.length;
  console.log(`\n${all - wrong.length} of ${all} as expected, ${seconds} s`);
  return wrong.length === 0;
}

/** Applies `work` to each item once, in the next free copy. */
async function forEach<Item>(
  items: readonly Item[],
  workshops: readonly Workshop[],
  work: (item: Item, workshop: Workshop) => Promise<Outcome>,
): Promise<Outcome[]> {
  const waiting = [...items.entries()];
  const done: Outcome[] = [];
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

async function removeGuard(guard: Guard, workshop: Workshop): Promise<Outcome> {
  const played = { name: guard.name, why: '', expected: String(guard.caughtBy) };
  try {
    workshop.edit(guard.edits);
    const { ok, output } = await guard.run(workshop);
    const failure = ok ? undefined : guard.caughtBy.exec(output)?.[0];
    const found = failure?.split('\n')[0]?.trim() ?? 'no test';
    return { ...played, found, right: Boolean(failure), findings: [output] };
  } finally {
    workshop.restore();
  }
}

async function play(change: Change, workshop: Workshop): Promise<Outcome> {
  try {
    workshop.edit(change.edits);
    if (change.by === 'consumer') {
      const pacts = await workshop.updatePacts(change.who);
      if (!pacts.ok) return broken(change, [pacts.output]);
    }
    const { ok, output, results } = await workshop.verify(change.providers ?? [change.who]);
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

function judged(change: Change, failed: readonly Result[]): Outcome {
  const names = failed.map(({ consumer }) => consumer).toSorted();
  const expected = 'breaks' in change.verdict ? change.verdict.breaks.toSorted() : [];
  const findings = failed.flatMap((each) => each.findings);
  return {
    ...named(change),
    found: names.length > 0 ? `breaks ${names.join(', ')}` : passed(change.verdict),
    right: names.join() === expected.join(),
    why: reason(change.verdict) || shortened(findings[1] ?? ''),
    findings,
  };
}

function broken(change: Change, findings: readonly string[]): Outcome {
  return { ...named(change), found: 'could not be tried', right: false, why: '', findings };
}

function named({ name, who, verdict }: Change) {
  return { name: `${name} (${who})`, expected: described(verdict) };
}

function shortened(text: string): string {
  const line = text.trim();
  return line.length > 70 ? `${line.slice(0, 69)}…` : line;
}

function mark(right: boolean): string {
  return right ? styleText('green', '✓') : styleText('red', '✗');
}

function passed(verdict: Verdict): string {
  return 'notCaught' in verdict ? styleText('yellow', 'not caught') : 'harmless';
}

function reason(verdict: Verdict): string {
  if ('breaks' in verdict) return '';
  return 'harmless' in verdict ? verdict.harmless : verdict.notCaught;
}

function described(verdict: Verdict): string {
  return 'breaks' in verdict ? `breaks ${verdict.breaks.join(', ')}` : passed(verdict);
}
