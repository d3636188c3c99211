// Checks links, commands and decision records in the docs. Run by `npm run check`.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const README_LINES_MAX = 200;
const SECTIONS = ['Context', 'Decision', 'Alternatives', 'Consequences'];

/** Finds relative links of a Markdown text whose target does not exist. */
export function brokenLinks(file: string, text: string): string[] {
  return linksOf(text)
    .filter((target) => !existsSync(join(dirname(file), target)))
    .map((target) => `${file} links to ${target}, which does not exist`);
}

/** Finds commands in a page that neither package.json nor the program has. */
export function unknownCommands(
  file: string,
  text: string,
  scripts: Readonly<Record<string, string>>,
  commands: ReadonlySet<string>,
): string[] {
  const unknownScripts = [...text.matchAll(/npm run ([\w:]+(?:-\w+)*)/g)]
    .filter(([, name]) => !(name! in scripts))
    .map(([command]) => `${file} names "${command}", which package.json does not have`);
  const unknown = [...text.matchAll(/(?:npx |\$ |`)fieldguide ([a-z][a-z-]*)/g)]
    .filter(([, name]) => !commands.has(name!))
    .map(([, name]) => `${file} names "fieldguide ${name}", which does not exist`);
  return [...unknownScripts, ...unknown];
}

/** Finds missing parts of a decision record: number, status, date, or a section in its order. */
export function recordErrors(file: string, text: string): string[] {
  const number = /(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1];
  const required: readonly (readonly [string, RegExp])[] = [
    [`the title "# ${Number(number)}. …"`, new RegExp(`^# ${Number(number)}\\. [A-Z]`)],
    ['"- Status: …"', /^- Status: (proposed|accepted|superseded by \d+)$/m],
    ['"- Date: YYYY-MM-DD"', /^- Date: \d{4}-\d{2}-\d{2}$/m],
    [
      `the sections ${SECTIONS.join(', ')}`,
      new RegExp(SECTIONS.map((each) => `^## ${each}$`).join('[\\s\\S]+'), 'm'),
    ],
  ];
  return required
    .filter(([, pattern]) => !pattern.test(text))
    .map(([what]) => `${file} lacks ${what}`);
}

/** Finds numbers that several decision records share. */
export function sharedNumbers(files: readonly string[]): string[] {
  const byNumber = Map.groupBy(files, (file) => /(\d{4})-[^/]*$/.exec(file)?.[1] ?? file);
  return [...byNumber.values()]
    .filter((each) => each.length > 1)
    .map((each) => `Decision records share a number: ${each.join(', ')}`);
}

/** Finds pages without a link from the index. */
export function unlinkedPages(index: string, text: string, pages: readonly string[]): string[] {
  const linked = new Set(linksOf(text).map((target) => join(dirname(index), target)));
  return pages
    .filter((page) => page !== index && !linked.has(page))
    .map((page) => `${index} does not link to ${page}`);
}

/** Finds rows of the pattern table without a link to code, a link to a test, or a way to see the pattern. */
export function incompletePatterns(text: string): string[] {
  const rows = text.split('\n').filter((line) => /^\| (?!pattern )/.test(line));
  return rows
    .filter((row) => {
      const [, , code = '', test = '', how = ''] = row
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim());
      return !(/\]\(/.test(code) && /\]\(\S+\.spec\.ts\)/.test(test) && how);
    })
    .map((row) => `docs/patterns.md: this row lacks code, test or a way to see it: ${row}`);
}

/** Limits the length of README, which is an introduction and not the manual. */
export function tooLong(text: string): string[] {
  const lines = text.split('\n').length - 1;
  return lines > README_LINES_MAX
    ? [`README.md has ${lines} lines, at most ${README_LINES_MAX} are allowed`]
    : [];
}

function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

if (import.meta.main) {
  const read = (file: string) => readFileSync(file, 'utf8');
  const list = (...patterns: string[]) =>
    globSync(patterns, { exclude: (path) => path.includes('node_modules') }).map((file) =>
      file.replaceAll('\\', '/'),
    );
  const pages = list('*.md', 'docs/**/*.md', '{apps,libs,platform,labs,system}/**/README.md');
  const records = list('docs/adr/[0-9]*.md');
  const docs = list('docs/**/*.md').filter((file) => !/^docs\/adr\/\d/.test(file));
  const { scripts } = JSON.parse(read('package.json'));
  const reference = read('docs/reference/commands.md'); // generated from the program
  const commands = new Set([...reference.matchAll(/^## ([a-z-]+)/gm)].map(([, name]) => name!));
  const errors = [
    ...pages.flatMap((page) => brokenLinks(page, read(page))),
    ...pages.flatMap((page) => unknownCommands(page, read(page), scripts, commands)),
    ...records.flatMap((file) => recordErrors(file, read(file))),
    ...sharedNumbers(records),
    ...unlinkedPages('docs/README.md', read('docs/README.md'), docs),
    ...incompletePatterns(read('docs/patterns.md')),
    ...tooLong(read('README.md')),
  ];
  for (const error of errors) console.error(error);
  process.exit(errors.length > 0 ? 1 : 0);
}
