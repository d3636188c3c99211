// `npm run rename -- --name acme --scope @acme`: gives a clone its own name, everywhere but in docs/history.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { productName, renameIn } from './product-name.ts';

const KEEPS_THE_OLD_NAME = 'docs/history.md';

interface Options {
  readonly name: string;
  readonly scope?: string;
  readonly title?: string;
  readonly force?: boolean;
}

const program = new Command('rename')
  .description('Rename the product in code, settings, docs and package names')
  .requiredOption('--name <name>', 'lower-case name: command, folders, environment variables')
  .option('--scope <scope>', 'npm scope of the packages (default: @ and the name)')
  .option('--title <title>', 'name in prose (default: the name with a capital)')
  .option('--force', 'rename although the working tree has changes')
  .showHelpAfterError();

program.action(({ name, scope, title, force }: Options) => {
  const { name: source } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
  const oldScope = dirname(source);
  const { bin } = JSON.parse(readFileSync('platform/cli/package.json', 'utf8')) as {
    bin: Record<string, string>;
  };
  const from = productName(Object.keys(bin)[0]!, oldScope);
  const to = productName(name, scope, title);
  if (git('status', '--porcelain') && !force)
    throw new Error('The working tree has changes. Commit them first, or use --force.');

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

  console.log('Linking the packages under their new names (npm ci) …');
  run('npm', ['ci', '--include=dev', '--include=optional']);
  console.log('Sorting imports, formatting and generating files …');
  run('npx', ['biome', 'check', '--write', '--log-level=error', '.']);
  run('npm', ['run', '--silent', 'generate']);
  console.log(`
Done. Next:
  npm run check && npm run test:unit
  git add --all && git commit -m "chore: rename to ${to.title}"
Data of the old name stays in .${from.name}/ until you delete it.`);
});

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (exit code ${status}).`);
}

try {
  program.parse();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
