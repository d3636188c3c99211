import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { copySources } from '../source-copy.ts';
import { currentName } from './rename.ts';

const { name, scope } = currentName();

it('leaves the old name in the history only, and every check green', async () => {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'rename-')));
  copySources(fileURLToPath(new URL('../../', import.meta.url)), copy);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: copy, encoding: 'utf8' });
  const node = (...args: string[]) =>
    promisify(execFile)(process.execPath, args, { cwd: copy }).catch((error) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    });
  git('init', '--quiet');
  appendFileSync(join(copy, '.git/info/exclude'), 'node_modules\n'); // links, in a copy
  git('add', '--all');

  await node(
    ...['--input-type=module', '--eval'],
    `import { productName } from './tools/template/product-name.ts';
     import { currentName, renameSources } from './tools/template/rename.ts';
     renameSources(currentName(), productName('zebra'));`,
  );
  renameSync(join(copy, 'node_modules', scope), join(copy, 'node_modules/@zebra'));
  await node('node_modules/@biomejs/biome/bin/biome', 'check', '--write', '--log-level=error', '.');
  await node('tools/generate/main.ts');

  git('add', '--all');
  const search = ['grep', '--cached', '-il', name, '--', '.', ':!docs/history.md'];
  expect(spawnSync('git', search, { cwd: copy, encoding: 'utf8' }).stdout).toBe('');
  const { packages } = JSON.parse(readFileSync(join(copy, 'package-lock.json'), 'utf8'));
  const paths = Object.keys(packages);
  expect(paths).toEqual(paths.toSorted((a, b) => a.localeCompare(b, 'en')));
  await node('tools/check.ts');
}, 300_000);
