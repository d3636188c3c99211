// `npm run strip -- --keep catalog`: the small version of the system, with the gateway, identity and one service.
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { system } from '@fieldguide/system';
import { Project, ts } from 'ts-morph';
import { parseDocument } from 'yaml';
import { dependencies } from '../generate/dependencies.ts';
import { type Package, readPackages } from '../packages.ts';
import { removePlugins, removeWebApp } from './maps.ts';
import { prune } from './prune.ts';
import { pruneDocs } from './prune-docs.ts';
import { deleteService } from './remove-service.ts';
import { git, run } from './run.ts';

/** Parts that teach or measure, which the small version does without. */
const LARGE_ONLY = [
  'bench',
  'labs',
  'simulation',
  'system/demo',
  'tools/schemathesis',
  'tools/prometheus',
  'tools/observability.spec.ts',
  'apps/storefront',
  'docs/images',
  'docs/tutorials/see-it-break.md',
  'e2e/browser/screenshots.ts',
  'e2e/console.e2e.spec.ts',
  'e2e/faults.e2e.spec.ts',
  'e2e/projections.e2e.spec.ts',
  'e2e/slo.e2e.spec.ts',
  'e2e/storefront-away.e2e.spec.ts',
  'e2e/storefront.e2e.spec.ts',
  'e2e/storefront-visit.ts',
  'e2e/traces.e2e.spec.ts',
  'e2e/web-app.e2e.spec.ts',
  'e2e/readme-commands.e2e.spec.ts',
  '.ci/first-start',
  'docs/explanation/not-a-free-lunch.md',
  'docs/how-to/run-a-workshop.md',
  'docs/how-to/runbooks.md',
  'docs/how-to/strip-your-clone.md',
  'docs/reference/footprint.md',
  'docs/teams',
  'tools/template/strip.ts',
  'tools/template/prune.ts',
  'tools/template/prune-docs.ts',
];
/** Where strings name apps and routes: tests of the running system, and contracts. */
const NAMING =
  /^(contracts|e2e|system)\/|^(tools\/verify|vitest\.config)\.ts$|^tools\/(?!template\/).*\.spec\.ts$/;

/** Words of pages about event sourcing. */
const OF_EVENTS =
  'event-sourced|event store|event log|event sourcing|stored event|snapshot|upcaster|projection';

/**
 * Removes all services but those to keep, those that they depend on by their pacts, and the gateway; then everything
 * that refers to them: libraries, tests, docs, scripts.
 * @throws Error when a service is unknown, or the working tree has changes
 */
export function strip({ keep, force }: { keep: readonly string[]; force?: boolean }): void {
  const all = Object.keys(system.apps).toSorted();
  const unknown = keep.filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new Error(`There is no service ${unknown.join(', ')}. Try one of: ${all.join(', ')}`);
  if (git('status', '--porcelain') && !force)
    throw new Error('The working tree has changes. Commit them first, or use --force.');

  const kept = withProviders([...keep, 'gateway']);
  const removed = all.filter((name) => !kept.has(name));
  if (removed.length === 0)
    throw new Error(`Nothing to remove: ${keep.join(', ')} depends on every other service.`);
  console.log(`Keeping ${[...kept].toSorted().join(', ')}; removing ${removed.join(', ')} …`);
  const paths = publicPaths();
  const packages = readPackages('.');
  const files = git('ls-files').split('\n');

  for (const name of removed) deleteService(name, { force: true });
  removeWebApp('storefront'); // it needs all services
  for (const path of [...LARGE_ONLY, ...removePlugins(removed)]) remove(path);
  pruneScripts();

  console.log('Removing code that refers to them …');
  const lost = [...paths].filter((path) => !publicPaths().has(path));
  const naming = new RegExp(`\\b(${removed.join('|')})\\b|(^|[\\s}\`])/(${anyOf(lost)})\\b`);
  const scripts = Object.keys(readJson('package.json').scripts);
  const isLost = (text: string) =>
    naming.test(text) ||
    text.split(/[\s`()]+/).some((word) => isLostPath(word, files)) ||
    [...text.matchAll(/npm run ([\w:-]+)/g)].some(([, name]) => !scripts.includes(name!));
  pruneCode(isLost);
  pruneRequests(naming);
  pruneCi();

  console.log('Removing unused exports, dependencies and libraries …');
  pruneDependencies(packages);
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
  do run('npx', ['knip', '--no-progress', '--fix', '--allow-remove-files']);
  while (pruneCode(isLost) > 0);
  const hasEvents = !removeUnusedLibs().includes('libs/event-store');
  if (!hasEvents) remove('tools/template/event-sourced');
  pruneVariables();
  run('npx', ['biome', 'check', '--write', '--log-level=error', '.']);
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
  console.log('Removing docs, and generating files …');
  const resources = anyOf(lost.map((path) => path.replace(/s$/, '')));
  const subjects = new RegExp(
    `\\b(${anyOf(lost)})\\b|\\b(an?|the|each|every|one) (${resources})\\b${hasEvents ? '' : `|${OF_EVENTS}`}`,
  );
  // Specs compare the reference pages with the code: there, a subject may be named in a row that stays.
  const isLostInDocs = (text: string, file: string) =>
    isLost(text) ||
    (file.startsWith('docs/reference/')
      ? !hasEvents && /^\| event-sourced /.test(text)
      : subjects.test(text));
  writeFileSync('README.md', readFileSync('tools/template/small/README.md.tpl'));
  pruneDocs(isLostInDocs);
  run('npm', ['run', '--silent', 'generate']);
  pruneDocs(isLostInDocs); // commands that are gone
  remove('tools/template/small');
  run('npm', ['run', '--silent', 'generate']);
  console.log('\nDone. Next:\n  npm test\n  git add --all && git commit');
}

/** Removes code until all of it compiles. @returns how many files have changed */
function pruneCode(isLost: (text: string) => boolean): number {
  const project = new Project({
    tsConfigFilePath: 'tsconfig.json',
    // As a bundler resolves: ts-morph takes the sources for CommonJS otherwise.
    compilerOptions: {
      noUnusedLocals: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    },
  });
  let count = 0;
  for (let changed = -1; changed !== 0; count += changed)
    changed = prune(project, NAMING, isLost).length;
  return count;
}

/** Removes requests of http/ to what is gone. */
function pruneRequests(naming: RegExp): void {
  for (const file of globSync('http/*.http')) {
    const requests = readFileSync(file, 'utf8').split(/^(?=### )/m);
    writeFileSync(file, requests.filter((each) => !naming.test(each)).join(''));
  }
}

/** Removes variables that no code reads from .env.example, and headings without a variable. */
function pruneVariables(): void {
  const code = globSync('{apps,contracts,e2e,libs,platform,system,tools}/**/*.{ts,mjs}', {
    exclude: (path) => path.includes('node_modules'),
  }).map((file) => readFileSync(file, 'utf8'));
  const isRead = (name: string) =>
    code.some((text) => new RegExp(`process\\.env\\W+${name}\\b`).test(text));
  const paragraphs = readFileSync('.env.example', 'utf8').split('\n\n');
  const kept = paragraphs
    .map((text, index) => {
      const lines = text
        .split('\n')
        .filter((line) => !/^#\w+=/.test(line) || isRead(/^#(\w+)=/.exec(line)![1]!));
      return index === 0 || lines.some((line) => /^#\w+=/.test(line)) ? lines.join('\n') : '';
    })
    .filter(Boolean);
  writeFileSync('.env.example', `${kept.join('\n\n').trimEnd()}\n`);
}

/** Removes the CI steps that run what is gone. */
function pruneCi(): void {
  writeFileSync(
    '.ci/run',
    '#!/usr/bin/env bash\n# What CI runs on a fresh clone.\nset -euo pipefail\ncd "$(dirname "$0")/.."\nexport NX_SKIP_NX_CACHE=true\nnpm test\n',
  );
  const file = '.github/workflows/ci.yml';
  const workflow = parseDocument(readFileSync(file, 'utf8'));
  const { jobs } = workflow.toJS() as { jobs: Record<string, object> };
  for (const [name, job] of Object.entries(jobs))
    if (/first-start|run labs/.test(JSON.stringify(job))) workflow.deleteIn(['jobs', name]);
  writeFileSync(file, workflow.toString({ lineWidth: 0 }).replace('.ci/run test', '.ci/run'));
}

/** Whether a word is the path of a file that was there, or the beginning of one as in a filter of tests. */
function isLostPath(word: string, files: readonly string[]): boolean {
  if (!/^[a-z0-9]+\/[\w./-]+$/.test(word)) return false;
  const named = files.filter((file) => file.startsWith(word));
  return named.length > 0 && !named.some((file) => existsSync(file));
}

/** Adds the providers of the pacts of these apps, and theirs. */
function withProviders(names: readonly string[]): Set<string> {
  const found = new Set(names);
  const all = dependencies();
  for (const name of found)
    for (const { consumer, provider } of all) if (consumer === name) found.add(provider);
  return found;
}

/** First segments of the paths of the public API. */
function publicPaths(): Set<string> {
  const text = readFileSync('contracts/gateway/routes.ts', 'utf8');
  return new Set([...text.matchAll(/'[A-Z]+ \/([^/']+)/g)].map(([, segment]) => segment!));
}

/** Removes libraries that no other package declares. @returns their folders */
function removeUnusedLibs(): string[] {
  const packages = readPackages('.');
  const declared = new Set(packages.flatMap((each) => each.declared));
  const unused = packages.filter(({ type, name }) => type === 'lib' && !declared.has(name));
  for (const { folder } of unused) remove(folder);
  const folders = unused.map(({ folder }) => folder);
  return folders.length > 0 ? [...folders, ...removeUnusedLibs()] : [];
}

/** Removes the npm scripts whose file is gone, and their hooks; and the CI steps that run them. */
function pruneScripts(): void {
  const manifest = readJson('package.json');
  const isGone = (command: string) =>
    /^(?:node|bash) (\S+)/.test(command) && !existsSync(/^\w+ (\S+)/.exec(command)![1]!);
  for (const [name, command] of Object.entries<string>(manifest.scripts))
    if (isGone(command)) {
      delete manifest.scripts[name];
      delete manifest.scripts[`pre${name}`];
    }
  for (const name of ['strip', 'prestrip']) delete manifest.scripts[name];
  manifest.workspaces = manifest.workspaces.filter((glob: string) => globSync(glob).length > 0);
  writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Removes dependencies on packages of `before` that the workspace no longer has: npm would look for them in the registry. */
function pruneDependencies(before: readonly Package[]): void {
  const after = readPackages('.');
  const gone = before.filter(({ name }) => !after.some((each) => each.name === name));
  for (const { folder } of after) {
    const manifest = readJson(`${folder}/package.json`);
    for (const { name } of gone) {
      delete manifest.dependencies?.[name];
      delete manifest.devDependencies?.[name];
    }
    writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

/** Alternatives of a pattern; without any, it matches nothing. */
const anyOf = (words: readonly string[]) => (words.length > 0 ? words.join('|') : '(?!)');
const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
const remove = (path: string) => rmSync(path, { recursive: true, force: true });
