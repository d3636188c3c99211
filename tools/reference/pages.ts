import { globSync, readFileSync } from 'node:fs';
import { commandsPage } from './commands.ts';
import { decisionsPage } from './decisions.ts';
import { diagramMistakes } from './diagrams.ts';
import { errorsPage, unknownCodesIn } from './errors.ts';
import { metricMistakes, metricsPage } from './metrics.ts';
import { portMistakes, portsPage } from './ports.ts';
import { settingsPage, unknownSettingsIn } from './settings.ts';
import { listedOn } from './sources.ts';
import { topicMistakes, topicsPage } from './topics.ts';
import { readmeWithTrail } from './trail.ts';

/** The generated pages by path. Created on import: Vite's runner cannot import later. */
export const pages: ReadonlyMap<string, string> = new Map([
  ['docs/reference/commands.md', await commandsPage()],
  ['docs/reference/errors.md', await errorsPage()],
  ['docs/reference/metrics.md', await metricsPage()],
  ['docs/reference/ports.md', portsPage()],
  ['docs/reference/settings.md', await settingsPage()],
  ['docs/reference/topics-and-messages.md', await topicsPage()],
  ['docs/adr/README.md', decisionsPage()],
  ['README.md', readmeWithTrail(readFileSync('README.md', 'utf8'))],
]);

const text = (name: string) => pages.get(`docs/reference/${name}.md`)!;
const codes = listedOn(text('errors'));
const settings = listedOn(text('settings'));
const messages = listedOn(text('topics-and-messages'));
const appFiles = globSync('apps/*/src/**/*.ts').map((file) => file.replaceAll('\\', '/'));
const written = globSync(['*.md', 'docs/**/*.md', '{apps,libs,platform}/**/README.md'], {
  exclude: (path) => path.includes('node_modules'),
});

/** What the docs mention or draw and the code does not define, and what the code defines and a page does not list. */
export const mistakes: readonly string[] = [
  ...written.flatMap((file) => {
    const content = readFileSync(file, 'utf8');
    return [
      ...unknownCodesIn(file, content, codes),
      ...unknownSettingsIn(file, content, settings),
      ...diagramMistakes(file, content, messages, appFiles),
    ];
  }),
  ...metricMistakes(text('metrics')),
  ...portMistakes(text('ports')),
  ...(await topicMistakes(text('topics-and-messages'))),
];
