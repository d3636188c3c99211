import { globSync, readFileSync } from 'node:fs';
import { commandsPage } from './commands.ts';
import { decisionsPage } from './decisions.ts';
import { errorsPage, unknownCodesIn } from './errors.ts';
import { metricsPage } from './metrics.ts';
import { settingsPage, unknownSettingsIn } from './settings.ts';
import { topicsPage } from './topics.ts';
import { readmeWithTrail } from './trail.ts';

/** The generated pages by path. Created on import: Vite's runner cannot import later. */
export const pages: ReadonlyMap<string, string> = new Map([
  ['docs/reference/commands.md', await commandsPage()],
  ['docs/reference/errors.md', await errorsPage()],
  ['docs/reference/metrics.md', await metricsPage()],
  ['docs/reference/settings.md', await settingsPage()],
  ['docs/reference/topics-and-messages.md', await topicsPage()],
  ['docs/adr/README.md', decisionsPage()],
  ['README.md', readmeWithTrail(readFileSync('README.md', 'utf8'))],
]);

const defined = (page: string) =>
  new Set([...pages.get(page)!.matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name!));
const codes = defined('docs/reference/errors.md');
const settings = defined('docs/reference/settings.md');
const written = globSync(['*.md', 'docs/**/*.md', '{apps,libs,platform}/**/README.md'], {
  exclude: (path) => path.includes('node_modules'),
});

/** Error codes and settings in the docs that the code does not define. */
export const mistakes: readonly string[] = written.flatMap((file) => {
  const text = readFileSync(file, 'utf8');
  return [...unknownCodesIn(file, text, codes), ...unknownSettingsIn(file, text, settings)];
});
