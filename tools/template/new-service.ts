// `npm run generate -- service reviews --crud`: a new service with its contract, pacts and specs, its entry in the map
// and its routes.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addToMaps } from './maps.ts';
import { run } from './run.ts';
import {
  assertNoPlatformWord,
  fillTemplate,
  type ServiceName,
  serviceName,
} from './service-name.ts';

const TEMPLATES = fileURLToPath(new URL('./', import.meta.url));

export interface NewServiceOptions {
  readonly entity?: string;
}

/**
 * Writes the folders of a new service, adds it to the maps, and brings everything that is generated up to date.
 * @throws Error when there is such a service already, or its name is not valid
 */
export function newService(plural: string, { entity }: NewServiceOptions): void {
  const name = serviceName(plural, entity);
  assertNoPlatformWord(plural);
  const { name: source } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
  const scope = dirname(source);
  const folders = ['apps', 'contracts'].map((folder) => join(folder, plural));
  const taken = folders.find((folder) => existsSync(folder));
  if (taken) throw new Error(`${taken} exists: choose another name, or remove the service first.`);

  const templates = join(TEMPLATES, 'crud');
  for (const template of globSync('**/*.tpl', { cwd: templates })) {
    const file = fillTemplate(template.replaceAll('\\', '/').replace(/\.tpl$/, ''), name, scope);
    mkdirSync(dirname(file), { recursive: true });
    const text = readFileSync(join(templates, template), 'utf8');
    writeFileSync(file, fillTemplate(text, name, scope));
  }
  addToMaps({ name: plural, contract: plural, scope, ...entriesOf(name, scope) });
  console.log(`Wrote ${folders.join(' and ')}, an entry in system/system.ts, and routes`);

  console.log('Linking the new package …');
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
  run('npx', ['biome', 'check', '--write', '--log-level=error', 'apps', 'contracts', 'system']);
  console.log('Running the contract tests, and writing the new pacts …');
  run('node', ['tools/contracts/test-pact.ts', '--update']);
  console.log('Generating files …');
  run('npm', ['run', '--silent', 'generate']);
  console.log(`
The service ${plural} is ready. Next:
  npm run check && npx vitest run --project unit apps/${plural}
  npm start, then POST /${plural} with the token from the start screen`);
}

function entriesOf(name: ServiceName, scope: string) {
  const fill = (text: string) => fillTemplate(text, name, scope);
  return {
    entry: fill(
      `{ kind: 'service', summary: 'reviews', contract: reviews, uses, probe: '/reviews' }`,
    ),
    routeImports: ['AddReviewRequest', 'Review', 'ReviewPage', 'ReviewQuery'].map(fill),
    routes: [
      `anyone('GET /reviews', 'reviews', 200, 'List reviews', {
        operationId: 'listReviews', errors: ['cursorInvalid'], query: ReviewQuery, answer: ReviewPage })`,
      `anyone('GET /reviews/:id', 'reviews', 200, 'One review', {
        operationId: 'getReview', errors: ['reviewNotFound'], answer: Review })`,
      `signedIn('POST /reviews', 'reviews', 201, 'Add a review', {
        operationId: 'addReview', headers: ['Location'], body: AddReviewRequest, answer: Review })`,
    ].map(fill),
  };
}
