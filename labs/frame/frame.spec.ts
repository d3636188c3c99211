import { describe, expect, it } from 'vitest';
import { allLabs, labOf } from './catalogue.ts';
import { formatVerdict, runChecks, runChecksOf } from './checks.ts';
import { type Check, type NumberedLab, ok, red, type SourceLab } from './lab.ts';
import { lessonOf } from './lesson.ts';
import { sumOf } from './metrics.ts';
import { changed, maySeeSolution, nextOf, started } from './progress.ts';
import { BUDGET_SECONDS, commandsOf, shuffled, toProve } from './prove-plan.ts';
import type { Shop } from './shop.ts';
import { differences } from './solution.ts';

const check = (name: string, run: Check['run']): Check => ({
  name,
  expected: 'e',
  look: 'stock/ID',
  run,
});
const pick = ({ name, expected, look }: Omit<Check, 'run'>) => ({ name, expected, look });
let ended = 0;
const noShop = {
  endFaults: async () => (ended += 1),
  named: (text: string) => text.replace('ID', '7'),
} as unknown as Shop;

describe('the checks of a lab', () => {
  it('end at the first that fails, with what to try', async () => {
    const checks = [
      check('one', async () => ok('fine')),
      check('two', async () => red('2 units', 'look again')),
      check('three', async () => ok('never run')),
    ];
    const verdicts = await runChecks({ checks }, noShop);
    expect(ended).toBe(1);
    expect(verdicts.map(({ name, ok }) => [name, ok])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    for (const part of ['two', 'e', '2 units', 'stock/7', 'look again'])
      expect(formatVerdict(verdicts[1]!)).toContain(part);
  });
  it('report an error of a check as its finding', async () => {
    const checks = [check('one', () => Promise.reject(new Error('no connection')))];
    expect(await runChecks({ checks }, noShop)).toMatchObject([
      { ok: false, found: 'no connection' },
    ]);
  });
  it('are followed by two that every lab has', async () => {
    expect(await runChecks({ checks: [] }, noShop)).toMatchObject([
      { name: 'an order completes', ok: false },
    ]);
  });
});

describe('a lab without a system', async () => {
  const open = () => Promise.reject(new Error('opens a system'));
  const lab = { ...(await labOf(22)), system: false } as NumberedLab & SourceLab;
  const pass = { ...lab.checks[0]!, run: async (folder: string) => ok(folder) };
  it('is checked in the folder of the copy, without a shop and its guards', async () => {
    const verdicts = await runChecksOf({ ...lab, checks: [pass] }, 'the/copy', open);
    expect(verdicts.map(({ found }) => found)).toEqual(['the/copy']);
  });
  it('shows in the console what it has: its own checks', () => {
    const { system, checks } = lessonOf(lab, { labs: {} });
    expect(system).toBe(false);
    expect(checks).toHaveLength(lab.checks.length);
  });
});

it('shows how the files of a participant differ from the solution', () => {
  const yours = new Map([['a/b.ts', 'one\ntwo\n']]);
  const diff = differences(yours, new Map([['a/b.ts', 'one\n2\n']]));
  for (const part of ['yours/a/b.ts', 'solution/a/b.ts', '-two', '+2'])
    expect(diff).toContain(part);
  expect(differences(yours, yours)).toBe('');
});

describe('progress', () => {
  const begun = started({ labs: {} }, 13, '2026-01-01T00:00:00Z');
  it('keeps hints and passes when a lab is started again', () => {
    const hinted = changed(begun, 13, { hints: 2, passedAt: '2026-01-02T00:00:00Z' });
    expect(started(hinted, 13, '2026-01-03T00:00:00Z').labs[13]).toEqual({
      startedAt: '2026-01-03T00:00:00Z',
      hints: 2,
      passedAt: '2026-01-02T00:00:00Z',
    });
  });
  it('forgets the verdicts of an earlier start', () => {
    const verdicts = [{ name: 'one', expected: '', look: '', ok: true, found: '' } as const];
    const checked = changed(begun, 13, { verdicts });
    expect(started(checked, 13, '2026-01-03T00:00:00Z').labs[13]).not.toHaveProperty('verdicts');
  });
  it('shows in the console what the participant has seen', async () => {
    const lab = await labOf(13);
    const [first, second] = lab.checks;
    const verdict = { ...pick(second!), ok: false, found: 'less', next: 'try' } as const;
    const shown = lessonOf(lab, changed(begun, 13, { hints: 1, verdicts: [verdict] }));
    expect(shown.checks.slice(0, 2)).toEqual([pick(first!), verdict]);
    expect(shown.checks.at(-1)).not.toHaveProperty('ok');
    expect(shown).toMatchObject({ hints: [lab.hints[0]], hintsLeft: 2 });
    expect(shown.after).toBeUndefined();
    expect(lessonOf(lab, changed(begun, 13, { gaveUp: true })).after).toBe(lab.after);
  });
  it('selects the next lab that is not passed, also before the current one', () => {
    expect(nextOf([5, 13, 16], begun)).toBe(16);
    const last = changed(started(begun, 16, ''), 16, { passedAt: 'now' });
    expect(nextOf([5, 13, 16], last)).toBe(5);
    expect(nextOf([16], last)).toBeUndefined();
  });
  it('shows a solution after a pass, or when the participant gives up', () => {
    expect(maySeeSolution(begun, 13)).toBe(false);
    expect(maySeeSolution(changed(begun, 13, { passedAt: 'now' }), 13)).toBe(true);
    expect(maySeeSolution(changed(begun, 13, { gaveUp: true }), 13)).toBe(true);
  });
});

describe('the plan of a proof', () => {
  it('has the same order for the same seed', () => {
    const items = [1, 2, 3, 4, 5, 6];
    expect(shuffled(items, 7)).toEqual(shuffled(items, 7));
    expect(shuffled(items, 7)).not.toEqual(shuffled(items, 8));
    expect(shuffled(items, 7).toSorted()).toEqual(items);
  });
  it('contains the labs whose folder or edited files changed, and one that the commit selects', async () => {
    const all = await allLabs();
    const numbers = (files: string[]) => toProve(all, files, 'a1').changed.map((lab) => lab.number);
    expect(numbers(['labs/13-twice-is-once/README.md'])).toEqual([13]);
    expect(numbers(['libs/messaging/src/accept.ts'])).toContain(13);
    expect(numbers(['README.md'])).toEqual([]);
    expect(all).toContain(toProve(all, [], 'a1').rotating);
  });
  it('ends at the budget: it names the changed labs that are left', async () => {
    const all = await allLabs();
    const files = all.map(({ number }) => `labs/${number}-x/lab.ts`);
    const { changed, left, rotating } = toProve(all, files, 'a1');
    const seconds = changed.reduce((sum, lab) => sum + lab.proofSeconds, 0);
    expect(seconds).toBeLessThanOrEqual(BUDGET_SECONDS);
    expect([...changed, ...left]).toHaveLength(all.length);
    expect(left.length).toBeGreaterThan(0);
    expect(rotating).toBeUndefined();
  });
  it('proves a lab whose own folder changed before one whose edited file did', async () => {
    const files = ['libs/messaging/src/accept.ts', 'labs/12-the-lost-message/lab.ts'];
    const { changed, left } = toProve(await allLabs(), files, 'a1');
    expect(changed.map(({ number }) => number)).toEqual([12]);
    expect(left.map(({ number }) => number)).toEqual([13]);
  });
  it('finds the commands of the platform in a README', () => {
    const text =
      '`npx fieldguide no`\n```sh\nnpx fieldguide lab check\nnpx fieldguide env x  # y\n```\n';
    expect(commandsOf(text)).toEqual(['npx fieldguide env x']);
  });
});

describe('a metric', () => {
  it('is the sum of the samples with the labels', () => {
    const text = '# HELP n x\nn{a="1",b="2"} 3\nn{a="1",b="3"} 4\nn_count{a="1"} 9\n';
    expect(sumOf(text, 'n', { a: '1' })).toBe(7);
    expect(sumOf(text, 'n', { b: '3' })).toBe(4);
  });
});

describe('every lab', async () => {
  const all = await allLabs();
  it.each(all.map((lab) => [lab.number, lab] as const))('%i is complete', (_, lab) => {
    const names = lab.checks.map(({ name }) => name);
    expect(lab.wrong.length).toBeGreaterThanOrEqual(2);
    expect(lab.proofSeconds).toBeLessThanOrEqual(BUDGET_SECONDS);
    const act = lab.system === false ? undefined : lab.act;
    for (const answer of [{ edits: lab.damage, act }, ...lab.wrong])
      expect(answer.act ?? answer.edits).not.toEqual([]);
    for (const name of [lab.red, ...lab.wrong.map((wrong) => wrong.red)])
      expect([...names, 'an order completes', 'a declined order leaves no trace']).toContain(name);
  });
});
