// `npm run generate -- service reviews --crud`: a new service with its contract, pacts and specs, its entry in the map
// and its routes.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { system } from '@fieldguide/system';
import { addGenerated, GENERATED } from '../contracts/pact-files.ts';
import { run as runTests } from '../contracts/run.ts';
import { consumedMessage } from './consumed-message.ts';
import {
  fillTemplate,
  selectLines,
  type TemplateOption,
  type TemplateValues,
} from './fill-template.ts';
import { addToMaps, importedByRoutes } from './maps.ts';
import { run } from './run.ts';
import { assertNoPlatformWord, serviceName } from './service-name.ts';
import { addPackage } from './workspace.ts';

const TEMPLATES = fileURLToPath(new URL('./', import.meta.url));

export interface NewServiceOptions {
  readonly kind: 'crud' | 'event-sourced';
  /** What the service owns; the singular of its name by default. */
  readonly entity?: string | undefined;
  /** A published message of another service that it consumes: `catalog.ProductChanged`. */
  readonly consumes?: string | undefined;
  /** A team of the map; by default the one of what belongs to no app. */
  readonly team?: string | undefined;
}

/**
 * Writes the folders of a new service and adds it to the maps. `finishServices` has to follow.
 * @throws Error when there is such a service already, a name is not valid or taken, or nothing publishes the message
 */
export async function writeService(
  plural: string,
  { kind, entity, consumes, team = system.team }: NewServiceOptions,
): Promise<void> {
  assertNoPlatformWord(plural);
  if (!(team in system.teams))
    throw new Error(
      `There is no team ${team}. Try one of: ${Object.keys(system.teams).join(', ')}`,
    );
  if (kind === 'event-sourced' && !existsSync('libs/event-store'))
    throw new Error('An event-sourced service needs libs/event-store, which strip has removed.');
  const { name: source } = readJson('package.json') as { name: string };
  const values = {
    name: serviceName(plural, entity),
    scope: dirname(source),
    message: consumes ? await consumedMessage(consumes) : undefined,
  };
  const taken = foldersOf(plural).find((folder) => existsSync(folder));
  if (taken) throw new Error(`${taken} exists: choose another name, or remove the service first.`);
  const entries = entriesOf(kind, team, values);
  const other = importedByRoutes(entries.routeImports);
  if (other)
    throw new Error(`${other} has "${values.name.singular}" already: set another --entity.`);

  const options = new Set<TemplateOption>([kind, ...(consumes ? (['consumes'] as const) : [])]);
  // A later folder replaces files of an earlier one.
  for (const folder of ['service', ...options]) {
    const templates = join(TEMPLATES, folder);
    for (const template of globSync('**/*.tpl', { cwd: templates })) {
      const file = fillTemplate(template.replaceAll('\\', '/').replace(/\.tpl$/, ''), values);
      mkdirSync(dirname(file), { recursive: true });
      const text = selectLines(readFileSync(join(templates, template), 'utf8'), options);
      writeFileSync(file, fillTemplate(text, values));
    }
  }
  fixVersions(join('apps', plural, 'package.json'));
  addPackage(values.scope, plural);
  addToMaps({ name: plural, contract: plural, scope: values.scope, ...entries });
  console.log(`Wrote ${foldersOf(plural).join(' and ')}, an entry in system/system.ts, and routes`);
}

/** Brings everything that follows from new services up to date: format, pacts, generated files. */
export async function finishServices(...names: readonly string[]): Promise<void> {
  const written = [...names.flatMap(foldersOf), 'system/system.ts', 'contracts/gateway/routes.ts'];
  run('npx', ['biome', 'check', '--write', '--log-level=error', ...written]);
  rmSync(GENERATED, { recursive: true, force: true });
  const folders = names.map((name) => `apps/${name}/`);
  const { ok, output } = await runTests('Consumers generate their pacts', 'consumers', folders);
  if (!ok) throw new Error(output);
  addGenerated();
  run('node', ['tools/generate/main.ts']);
}

/** Writes a new service and finishes it. */
export async function newService(plural: string, options: NewServiceOptions): Promise<void> {
  await writeService(plural, options);
  await finishServices(plural);
  console.log(`
The service ${plural} is ready. Next:
  npm run check && npx vitest run --project unit apps/${plural}
  npm run test:pact
  npm start, then POST /${plural} with the token from the start screen`);
}

const foldersOf = (plural: string) => [join('apps', plural), join('contracts', plural)];
const readJson = (file: string): object => JSON.parse(readFileSync(file, 'utf8'));

/** Gives each dependency the version that is installed; packages of the workspace have none. */
function fixVersions(file: string): void {
  const manifest = readJson(file) as { dependencies: Record<string, string> };
  const { packages } = readJson('package-lock.json') as {
    packages: Record<string, { version?: string }>;
  };
  for (const name of Object.keys(manifest.dependencies))
    manifest.dependencies[name] = packages[`node_modules/${name}`]?.version ?? '*';
  writeFileSync(file, JSON.stringify(manifest));
}

function entriesOf(kind: NewServiceOptions['kind'], team: string, values: TemplateValues) {
  const fill = (text: string) => fillTemplate(text, values);
  const note = kind === 'crud' ? '' : ' (event-sourced)';
  return {
    entry: `{ kind: 'service', team: '${team}', ${fill(`summary: 'reviews${note}', contract: reviews, uses: ['database', 'messaging'], probe: '/reviews'`)} }`,
    routeImports: ['AddReviewRequest', 'Review', 'ReviewPage', 'ReviewQuery'].map(fill),
    routes: [
      `anyone('GET /reviews', 'reviews', 200, 'List reviews', {
        operationId: 'listReviews', errors: ['cursorInvalid'], query: ReviewQuery, answer: ReviewPage })`,
      `anyone('GET /reviews/:id', 'reviews', 200, 'One review', {
        operationId: 'getReview', errors: ['reviewNotFound'], answer: Review })`,
      `signedIn('POST /reviews', 'reviews', 201, 'Add a review', {
        operationId: 'addReview', headers: ['Location'], body: AddReviewRequest, answer: Review })`,
      `signedIn('POST /reviews/:id/closure', 'reviews', 200, 'Close a review', {
        operationId: 'closeReview', errors: ['reviewNotFound'], answer: Review })`,
    ].map(fill),
  };
}
