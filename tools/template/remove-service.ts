// `npm run remove-service -- reviews`: lists what depends on a service, and removes it when nothing else does.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeFromMaps } from './maps.ts';
import { run } from './run.ts';
import { removePackage } from './workspace.ts';

const maps = ['system/system.ts', 'contracts/gateway/routes.ts'];

/** Removes a service, and brings everything that follows from it up to date. */
export function removeService(name: string, options: { force?: boolean }): void {
  deleteService(name, options);
  finishRemoval();
  console.log(`The service ${name} is removed. Its database and topics stay until npm run reset.`);
}

/**
 * Deletes a service: its folders, its pacts, its entries in the maps. `finishRemoval` has to follow.
 * @throws Error that lists what else uses it
 */
export function deleteService(name: string, { force = false }: { force?: boolean } = {}): void {
  if (!existsSync(join('apps', name))) throw new Error(`There is no service apps/${name}.`);
  const dependants = dependantsOf(name);
  if (dependants.length > 0 && !force) {
    throw new Error(
      `${dependants.length} files use ${name}:\n  ${dependants.join('\n  ')}\n` +
        'Change them first; --force removes the service all the same.',
    );
  }
  for (const folder of ['apps', 'contracts', 'contracts/generated'])
    rmSync(join(folder, name), { recursive: true, force: true });
  for (const pact of globSync('contracts/pacts/*.json'))
    if (pactOf(pact).includes(name)) rmSync(pact);
  removeFromMaps(name);
  const { name: source } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
  removePackage(dirname(source), name);
}

/** Brings everything that follows from removed services up to date: format, generated files. */
export function finishRemoval(): void {
  run('npx', ['biome', 'check', '--write', '--log-level=error', ...maps]);
  run('node', ['tools/generate/main.ts']);
}

/** Files of others that import its contract or name it as a service. */
function dependantsOf(name: string): string[] {
  const own = new RegExp(`^(apps|contracts|contracts/generated)/${name}/|^contracts/pacts/`);
  const notDependent =
    /^(tools\/template\/.*|\.github\/CODEOWNERS|docker-compose\.yml|README\.md|package-lock\.json|docs\/.*)$/;
  const listed = execFileSync(
    'git',
    ['grep', '-lE', '--untracked', `contracts/${name}['/]|'${name}'|apps/${name}/`],
    { encoding: 'utf8' },
  );
  return listed
    .split('\n')
    .filter((file) => file && !own.test(file) && !notDependent.test(file) && !maps.includes(file))
    .filter((file) => !file.startsWith('contracts/generated/'));
}

function pactOf(file: string): readonly [consumer: string, provider: string] {
  const { consumer, provider } = JSON.parse(readFileSync(file, 'utf8')) as Record<
    'consumer' | 'provider',
    { name: string }
  >;
  return [consumer.name, provider.name];
}
