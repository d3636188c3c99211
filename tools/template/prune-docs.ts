// Removes from Markdown what refers to removed files, commands and services: list items, table rows, paragraphs; then
// headings and pages without content.
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brokenLinks, unknownCommands } from '../docs.ts';

const PAGES = ['[A-Z]*.md', 'docs/**/*.md', '{apps,libs,platform,system}/**/README.md'];
/** Pages that stay with whatever is left of them. */
const ALWAYS =
  /^[A-Z]+\.md$|README\.md$|^docs\/(adr|reference)\/|^docs\/(contracts|glossary|history|patterns)\.md$/;

/** @param isLost whether a text names what was removed */
export function pruneDocs(isLost: (text: string, file: string) => boolean): void {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const reference = readFileSync('docs/reference/commands.md', 'utf8');
  const commands = new Set([...reference.matchAll(/^## ([a-z-]+)/gm)].map(([, name]) => name!));
  for (let changes = 1; changes > 0; ) {
    changes = 0;
    for (const path of globSync(PAGES, { exclude: (each) => each.includes('node_modules') })) {
      const file = path.replaceAll('\\', '/');
      const before = readFileSync(file, 'utf8');
      const isStale = (text: string) =>
        isLost(text, file) ||
        brokenLinks(file, text).length > 0 ||
        unknownCommands(file, text, scripts, commands).length > 0;
      const isRecord = /^docs\/adr\/\d/.test(file);
      const after = isRecord ? withoutBrokenLinks(file, before) : pruned(before, isStale);
      const hasLost = isRecord && unknownCommands(file, after, scripts, commands).length > 0;
      if (after === before && !hasLost) continue;
      changes += 1;
      const isEmpty = after.length < before.length / 2 || !/^(?!#).+/m.test(after);
      if (hasLost || (isEmpty && !ALWAYS.test(file))) rmSync(file);
      else writeFileSync(file, after);
    }
  }
}

/** Removes the stale blocks of a page, and headings without a block. */
export function pruned(text: string, isStale: (text: string) => boolean): string {
  const kept = blocksOf(text)
    .map((block) =>
      isGenerated(block)
        ? block
        : isList(block)
          ? withoutLines(block, isStale)
          : isStale(block)
            ? ''
            : block,
    )
    .filter((block) => block !== '');
  const level = (block: string | undefined) => /^(#+) /.exec(block ?? '')?.[1]?.length ?? 9;
  const filled = kept.filter(
    (block, index) => level(block) === 1 || level(block) === 9 || hasContent(kept, index, level),
  );
  return `${filled.join('\n\n')}\n`;
}

function hasContent(
  blocks: readonly string[],
  heading: number,
  level: (block: string | undefined) => number,
): boolean {
  const next = blocks.slice(heading + 1);
  const end = next.findIndex((block) => level(block) <= level(blocks[heading]));
  return next.slice(0, end < 0 ? undefined : end).some((block) => level(block) === 9);
}

/** Paragraphs, lists, tables and code blocks; a generated part is one block with its markers. */
function blocksOf(text: string): string[] {
  return [
    ...text.matchAll(
      /<!-- (\w+) -->[\s\S]*?<!-- \/\1 -->|```[\s\S]*?\n```|(?:(?!```|<!-- \w).+\n?)+/g,
    ),
  ]
    .map(([block]) => block.trim())
    .filter(Boolean);
}

/** The picture and the table of the apps; `npm run generate` writes them. */
const isGenerated = (block: string) => /^<!-- (system|apps|services) -->/.test(block);
const isList = (block: string) => /^(- |\d+\. |\| )/.test(block);

/** Removes stale items or rows; a table without rows, and a list without items, is nothing. */
function withoutLines(block: string, isStale: (text: string) => boolean): string {
  const lines = block.split('\n').filter((line) => !isStale(line));
  const isTable = block.startsWith('| ');
  return lines.length > (isTable ? 2 : 0) ? lines.join('\n') : '';
}

/** Decision records stay; what they link to may be gone. */
function withoutBrokenLinks(file: string, text: string): string {
  return text.replaceAll(/\[([^\]]*)\]\(([^)#\s]+)[^)]*\)/g, (link, name, target) =>
    /^[a-z]+:/.test(target) || existsSync(join(dirname(file), target)) ? link : name,
  );
}
