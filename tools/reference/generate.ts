// `npm run generate` writes the pages under docs/reference that follow from code; `--check` fails when one is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadPages } from './load.ts';
import { stalePages } from './markdown.ts';

const { pages, mistakes } = await loadPages();
const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const stale = stalePages(pages, read);
if (process.argv.includes('--check')) {
  const errors = [...stale.map((file) => `${file} is stale. Try: npm run generate`), ...mistakes];
  for (const error of errors) console.error(error);
  process.exit(errors.length > 0 ? 1 : 0);
}
for (const file of stale) writeFileSync(file, pages.get(file)!);
process.exit(0); // metrics and loggers of the imported services may hold timers
