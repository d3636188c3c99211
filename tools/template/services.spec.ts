import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { copySources } from '../source-copy.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const hasEventStore = existsSync(`${root}libs/event-store`); // a stripped clone has none
const names = ['reviews', ...(hasEventStore ? ['loyalty'] : []), 'ratings'];
const [map, routes] = ['system/system.ts', 'contracts/gateway/routes.ts'];
let copy: string;

const git = (...args: string[]) => execFileSync('git', args, { cwd: copy, encoding: 'utf8' });
/** The hash of all sources. */
const tree = () => {
  git('add', '--all');
  return git('write-tree');
};
/** Runs a program of the copy. @throws Error with its output */
async function node(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, args, { cwd: copy }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
}
const script = (...lines: string[]) => node('--input-type=module', '--eval', lines.join('\n'));
const withRemoval = (...lines: string[]) =>
  script(
    `import { deleteService, finishRemoval } from './tools/template/remove-service.ts';`,
    ...lines,
  );

beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'services-')));
  copySources(root, copy);
  git('init', '--quiet');
  appendFileSync(join(copy, '.git/info/exclude'), 'node_modules\n'); // links, in a copy
});

it('generates services that pass every check, and removes them without a trace', async () => {
  const before = tree();
  await script(
    `import { finishServices, writeService } from './tools/template/new-service.ts';`,
    `await writeService('reviews', { kind: 'crud' });`,
    ...(hasEventStore ? [`await writeService('loyalty', { kind: 'event-sourced' });`] : []),
    `await writeService('ratings', { kind: 'crud', consumes: 'reviews.ReviewAdded' });`,
    `await finishServices(${names.map((name) => `'${name}'`)});`,
  );

  const changed = git('diff', '--name-only', before.trim(), tree().trim()).trim().split('\n');
  const own = new RegExp(`^(apps|contracts(/generated)?)/(${names.join('|')})/|^contracts/pacts/`);
  const generated =
    /^(README|docs\/\S+)\.md$|^(contracts\/generated|deploy\/observability)\/|^(docker-compose\.yml|package-lock\.json)$/;
  const byHand = changed.filter((file) => !own.test(file) && !generated.test(file));
  expect(byHand).toEqual([routes, map]);

  await Promise.all([
    node('tools/check.ts'),
    node(
      'node_modules/vitest/vitest.mjs',
      ...['run', '--project', 'unit', 'tools/system-map.spec.ts', 'tools/retention.spec.ts'],
      ...['tools/contracts/edges.spec.ts', ...names.map((name) => `apps/${name}/`)],
    ),
  ]);

  await expect(withRemoval(`deleteService('reviews');`)).rejects.toThrow(
    /files use reviews:[\s\S]*apps\/ratings\/src\/on-review-added\/added-review\.entity\.ts/,
  );
  await withRemoval(
    ...names.toReversed().map((name) => `deleteService('${name}');`),
    'finishRemoval();',
  );
  expect(git('diff', '--name-only', before.trim(), tree().trim())).toBe('');
}, 300_000);
