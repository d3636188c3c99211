import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { copySources } from '../source-copy.ts';
import { currentName } from './rename.ts';

vi.setConfig({ testTimeout: 300_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const hasEventStore = existsSync(`${root}libs/event-store`); // a stripped clone has none
const { name, scope } = currentName();
const names = ['reviews', ...(hasEventStore ? ['loyalty'] : []), 'ratings'];
const [map, routes] = ['system/system.ts', 'contracts/gateway/routes.ts'];
let copy: string;

const git = (...args: string[]) => execFileSync('git', args, { cwd: copy, encoding: 'utf8' });
/** The hash of all sources. */
const tree = () => {
  git('add', '--all');
  return git('write-tree').trim();
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

// One copy for all three, and one run of every check: it takes most of the time.
describe('a clone', () => {
  let before: string;
  let generated: string;

  it('gets new services, which change only the map and the routes besides generated files', async () => {
    before = tree();
    await script(
      `import { finishServices, writeService } from './tools/template/new-service.ts';`,
      `await writeService('reviews', { kind: 'crud' });`,
      ...(hasEventStore ? [`await writeService('loyalty', { kind: 'event-sourced' });`] : []),
      `await writeService('ratings', { kind: 'crud', consumes: 'reviews.ReviewAdded' });`,
      `await finishServices(${names.map((name) => `'${name}'`)});`,
    );

    generated = tree();
    const changed = git('diff', '--name-only', before, generated).trim().split('\n');
    const own = new RegExp(
      `^(apps|contracts(/generated)?)/(${names.join('|')})/|^contracts/pacts/`,
    );
    const derived =
      /^(README|docs\/\S+)\.md$|^(contracts\/generated|deploy\/observability)\/|^(\.github\/CODEOWNERS|docker-compose\.yml|package-lock\.json)$/;
    const byHand = changed.filter((file) => !own.test(file) && !derived.test(file));
    expect(byHand).toEqual([routes, map]);
  });

  it('passes every check with them under a new name, and keeps the old one in its history only', async () => {
    const packages = (of: string) => join(copy, 'node_modules', of);
    onTestFinished(() => {
      renameSync(packages('@zebra'), packages(scope));
      git('read-tree', '--reset', '-u', generated);
    });
    await script(
      `import { productName } from './tools/template/product-name.ts';`,
      `import { currentName, renameSources } from './tools/template/rename.ts';`,
      `renameSources(currentName(), productName('zebra'));`,
    );
    renameSync(packages(scope), packages('@zebra'));
    await node(
      ...['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '--log-level=error', '.'],
    );
    await node('tools/generate/main.ts');

    git('add', '--all');
    const search = ['grep', '--cached', '-il', name, '--', '.', ':!docs/history.md'];
    expect(spawnSync('git', search, { cwd: copy, encoding: 'utf8' }).stdout).toBe('');
    const lock = JSON.parse(readFileSync(join(copy, 'package-lock.json'), 'utf8'));
    const paths = Object.keys(lock.packages);
    expect(paths).toEqual(paths.toSorted((a, b) => a.localeCompare(b, 'en')));
    await node('tools/check.ts');
    await node(
      'node_modules/vitest/vitest.mjs',
      ...['run', '--project', 'unit', 'tools/system-map.spec.ts', 'tools/retention.spec.ts'],
      ...['tools/contracts/edges.spec.ts', ...names.map((each) => `apps/${each}/`)],
    );
  });

  it('loses the services without a trace', async () => {
    await expect(withRemoval(`deleteService('reviews');`)).rejects.toThrow(
      /files use reviews:[\s\S]*apps\/ratings\/src\/on-review-added\/added-review\.entity\.ts/,
    );
    await withRemoval(
      ...names.toReversed().map((each) => `deleteService('${each}');`),
      'finishRemoval();',
    );
    expect(git('diff', '--name-only', before, tree())).toBe('');
  });
});
