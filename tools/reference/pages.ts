import { globSync, readFileSync } from 'node:fs';
import { commandsPage } from './commands.ts';
import { decisionsPage } from './decisions.ts';
import { errorsPage, unknownCodesIn } from './errors.ts';
import { metricsPage } from './metrics.ts';
import { settingsPage } from './settings.ts';
import { topicsPage } from './topics.ts';
import { readmeWithTrail } from './trail.ts';

/** Every generated page of the docs, by its path. Made on import: Vite's runner imports nothing afterwards. */
export const pages: ReadonlyMap<string, string> = new Map([
  ['docs/reference/commands.md', commandsPage()],
  ['docs/reference/errors.md', await errorsPage()],
  ['docs/reference/metrics.md', await metricsPage()],
  ['docs/reference/settings.md', await settingsPage()],
  ['docs/reference/topics-and-messages.md', await topicsPage()],
  ['docs/adr/README.md', decisionsPage()],
  ['README.md', readmeWithTrail(readFileSync('README.md', 'utf8'))],
]);

/** Every error code in the docs that no service defines. */
export function unknownCodes(): string[] {
  const reference = pages.get('docs/reference/errors.md')!;
  const defined = new Set([...reference.matchAll(/`(\w+\.\w+)`/g)].map(([, code]) => code!));
  return globSync(['*.md', 'docs/**/*.md', '{apps,libs,platform}/**/README.md'], {
    exclude: (path) => path.includes('node_modules'),
  }).flatMap((file) => unknownCodesIn(file, readFileSync(file, 'utf8'), defined));
}
