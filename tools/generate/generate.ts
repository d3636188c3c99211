import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { system } from '@fieldguide/system';
import { documents, drift, GENERATED } from '../contracts/documents.ts';
import { contractsPage } from '../contracts/page.ts';
import { loadPages } from '../reference/load.ts';
import { codeowners } from './codeowners.ts';
import { composeYaml } from './compose.ts';
import { objectivesDashboard, servicesDashboard } from './dashboards.ts';
import { dependencies } from './dependencies.ts';
import { prometheusYaml, rulesYaml } from './observability.ts';
import { readmeWithSystem } from './readme.ts';

/** The text of a file, or undefined where there is none. */
const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/**
 * Writes every committed file that follows from others, or compares them.
 * @returns false when `check` is set and a file is stale, or a page mentions what the code does not define
 */
export async function generateFiles(check: boolean): Promise<boolean> {
  const contractFiles = await documents();
  const { pages, mistakes } = await loadPages();
  const readme = pages.get('README.md')!;
  const others = new Map([
    ...pages,
    ['README.md', readmeWithSystem(readme, system, dependencies())],
    ['.github/CODEOWNERS', codeowners(system, existsSync)],
    ['docker-compose.yml', composeYaml(system, read('deploy/compose/base.yml')!)],
    ['deploy/observability/rules.yml', rulesYaml(system)],
    ['deploy/observability/prometheus.yml', prometheusYaml(system)],
    ['deploy/observability/grafana/objectives.json', objectivesDashboard(system)],
    ['deploy/observability/grafana/services.json', servicesDashboard()],
    ...contractsPage(),
  ]);
  const files = new Map([...contractFiles, ...others]);
  const stale = [
    ...drift(contractFiles, GENERATED),
    ...[...others].filter(([path, text]) => read(path) !== text).map(([path]) => path),
  ];
  if (check) {
    for (const path of stale) console.error(`${path} is stale`);
    if (stale.length > 0) console.error('Try: npm run generate, then commit the changed files');
    for (const mistake of mistakes) console.error(mistake);
    return stale.length + mistakes.length === 0;
  }
  for (const path of stale) {
    rmSync(path, { force: true });
    if (files.has(path)) write(path, files.get(path)!);
  }
  console.log(`${files.size} files, ${stale.length} of them changed`);
  return true;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
