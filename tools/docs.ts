// Docs that drift are worse than none: links lead somewhere, and what README says about sizes holds. `npm run check`.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILES_MAX = 7;
const LINES_MAX = 150;

/** Relative links of a Markdown text that lead nowhere. */
export function brokenLinks(file: string, text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
  return links
    .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(file), target)))
    .map((target) => `${file} links to ${target}, which is not there`);
}

/** The files that README lists for placing an order: few, short, and there. */
export function placingAnOrder(readme: string, linesOf: (file: string) => number): string[] {
  const [, part = ''] =
    /<!-- placing-an-order -->([\s\S]*)<!-- \/placing-an-order -->/.exec(readme) ?? [];
  const files = [...part.matchAll(/\]\(([^)]+)\)/g)].map(([, file]) => file!);
  const faults = files
    .filter((file) => linesOf(file) > LINES_MAX)
    .map((file) => `${file} has more than ${LINES_MAX} lines`);
  if (files.length === 0) faults.push('README no longer lists the files of placing an order');
  if (files.length > FILES_MAX) faults.push(`README lists more than ${FILES_MAX} files`);
  return faults;
}

/** Commands that README tells people to run, and that package.json does not have. */
export function unknownScripts(
  readme: string,
  scripts: Readonly<Record<string, string>>,
): string[] {
  const named = [...readme.matchAll(/npm run ([\w:]+(?:-\w+)*)/g)].map(([, name]) => name!);
  return named
    .filter((name) => !(name in scripts))
    .map((name) => `README names npm run ${name}, which is not there`);
}

if (import.meta.main) {
  const pages = globSync([
    '*.md',
    'docs/**/*.md',
    'libs/*/README.md',
    'apps/*/README.md',
    'platform/*.md',
  ]);
  const readme = readFileSync('README.md', 'utf8');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const faults = [
    ...pages.flatMap((page) => brokenLinks(page, readFileSync(page, 'utf8'))),
    ...placingAnOrder(readme, (file) => readFileSync(file, 'utf8').split('\n').length - 1),
    ...unknownScripts(readme, scripts),
  ];
  for (const fault of faults) console.error(fault);
  process.exit(faults.length > 0 ? 1 : 0);
}
