/** Formats a Markdown table; pipes and line breaks in cells are escaped. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}

/** Formats a page with its title, a note that it is generated, and its parts. */
export function page(title: string, ...parts: readonly string[]): string {
  const note = '<!-- Generated from code. Do not edit: npm run generate -->';
  return `${[`# ${title}`, note, ...parts].join('\n\n')}\n`;
}

/** Returns the files whose committed text differs from the generated one. */
export function stalePages(
  pages: ReadonlyMap<string, string>,
  read: (file: string) => string,
): string[] {
  return [...pages].filter(([file, text]) => read(file) !== text).map(([file]) => file);
}
