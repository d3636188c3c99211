import { globSync, readFileSync } from 'node:fs';

export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Reads the files that match, without specs and test helpers, in a fixed order. */
export function sources(...patterns: string[]): Source[] {
  return globSync(patterns, { exclude: (path) => path.includes('node_modules') })
    .filter((file) => !/\.spec\.ts$|\/testing\//.test(file))
    .map((file) => ({ file: file.replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }))
    .toSorted((a, b) => a.file.localeCompare(b.file));
}

/** Finds the first group of a pattern in each text, with the file that has it first. */
export function namesIn(files: readonly Source[], pattern: RegExp): Map<string, string> {
  const found = files.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map(([, name]) => [name!, file] as const),
  );
  return new Map(found.toReversed());
}

/** Compares the entries of a page with the names in the sources, both ways. */
export function mismatches(
  page: string,
  listed: ReadonlySet<string>,
  named: ReadonlyMap<string, string>,
): string[] {
  return [
    ...[...named]
      .filter(([name]) => !listed.has(name))
      .map(([name, file]) => `${page} does not list ${name} of ${file}`),
    ...[...listed]
      .filter((name) => !named.has(name))
      .map((name) => `${page} lists ${name}, which no source contains`),
  ];
}

/** The names in code font at the beginning of a page's table rows. */
export const listedOn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name!));
