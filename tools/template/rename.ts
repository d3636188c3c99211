// `npm run rename -- --name acme --scope @acme`: gives a clone its own name, everywhere but in docs/history.md.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ProductName, productName, renameIn } from './product-name.ts';
import { git, run } from './run.ts';
import { sortDependencies } from './workspace.ts';

const KEEPS_THE_OLD_NAME = 'docs/history.md';

export interface RenameOptions {
  readonly name: string;
  readonly scope?: string;
  readonly title?: string;
  readonly force?: boolean;
}

/**
 * Gives a clone its own name, everywhere but in docs/history.md, and brings generated files up to date.
 * @throws Error when the name is not valid, or the working tree has changes
 */
export function rename({ name, scope, title, force }: RenameOptions): void {
  const from = currentName();
  const to = productName(name, scope, title);
  if (git('status', '--porcelain') && !force)
    throw new Error('The working tree has changes. Commit them first, or use --force.');

  renameSources(from, to);
  run('node', ['tools/bootstrap.mjs']); // links the packages under their new names
  console.log('Sorting imports, formatting and generating files …');
  run('npx', ['biome', 'check', '--write', '--log-level=error', '.']);
  run('npm', ['run', '--silent', 'generate']);
  console.log(`
Done. Next:
  npm run check && npm run test:unit
  git add --all && git commit -m "chore: rename to ${to.title}"
Data of the old name stays in .${from.name}/ until you delete it.`);
}

/** Returns the name that the sources have now. */
export function currentName(): ProductName {
  const { name } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
  const { bin } = JSON.parse(readFileSync('platform/cli/package.json', 'utf8')) as {
    bin: Record<string, string>;
  };
  return productName(Object.keys(bin)[0]!, dirname(name));
}

/** Replaces the name in all files that git knows and in their names, and sorts what is in the order of names. */
export function renameSources(from: ProductName, to: ProductName): void {
  const files = git('ls-files', '-z').split('\0').filter(Boolean);
  let changed = 0;
  for (const file of files.filter((path) => path !== KEEPS_THE_OLD_NAME)) {
    const before = readFileSync(file);
    if (before.includes(0)) continue; // binary
    const after = renameIn(before.toString('utf8'), from, to);
    if (after !== before.toString('utf8')) {
      writeFileSync(file, after);
      changed += 1;
    }
    const renamed = renameIn(basename(file), from, to);
    if (renamed !== basename(file)) renameSync(file, join(dirname(file), renamed));
  }
  console.log(`${changed} files: ${from.title} → ${to.title}, ${from.scope} → ${to.scope}`);
  sortDependencies();
}
