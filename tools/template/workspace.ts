import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LOCK = 'package-lock.json';
const STAMP = 'node_modules/.fieldguide-lock';
const linkOf = (scope: string, name: string) => join('node_modules', scope, name);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/**
 * Adds the package of a new app to the workspace, with the same result as `npm install`: a link, and two entries in the
 * lock file. Its dependencies must be installed already; so this needs no registry, and the next command installs nothing.
 */
export function addPackage(scope: string, name: string): void {
  const link = linkOf(scope, name);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(join('..', '..', 'apps', name), link, 'junction');
  const manifest = JSON.parse(readFileSync(`apps/${name}/package.json`, 'utf8')) as Manifest;
  const { version, license, dependencies, devDependencies } = manifest;
  editLock((packages) => {
    packages[`apps/${name}`] = {
      ...{ name: manifest.name, version, license },
      ...{ dependencies, devDependencies },
    };
    packages[`node_modules/${scope}/${name}`] = { resolved: `apps/${name}`, link: true };
  });
}

/** Removes the package of an app from the workspace. */
export function removePackage(scope: string, name: string): void {
  rmSync(linkOf(scope, name), { recursive: true, force: true });
  editLock((packages) => {
    delete packages[`apps/${name}`];
    delete packages[`node_modules/${scope}/${name}`];
  });
}

/** Sorts dependencies and packages as npm does, which a new name may have left out of order. */
export function sortDependencies(): void {
  for (const file of globSync('{,*/,*/*/}package.json', { exclude: ['**/node_modules'] })) {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    writeFileSync(file, `${JSON.stringify(inOrder(manifest), null, 2)}\n`);
  }
  const lock = readLock();
  for (const [path, entry] of Object.entries(lock.packages)) lock.packages[path] = inOrder(entry);
  writeFileSync(LOCK, lockText(lock));
}

interface Lock {
  readonly packages: Record<string, Partial<Manifest> & { resolved?: string; link?: boolean }>;
}
const readLock = (): Lock => JSON.parse(readFileSync(LOCK, 'utf8'));
const lockText = (lock: Lock) =>
  `${JSON.stringify({ ...lock, packages: sorted(lock.packages) }, null, 2)}\n`;
const sorted = <T>(entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).toSorted(([a], [b]) => a.localeCompare(b, 'en')));

function inOrder<T extends Partial<Manifest>>(manifest: T): T {
  const { dependencies, devDependencies } = manifest;
  return {
    ...manifest,
    ...(dependencies && { dependencies: sorted(dependencies) }),
    ...(devDependencies && { devDependencies: sorted(devDependencies) }),
  };
}

/** Changes the lock file, and notes that the installed packages match it (tools/bootstrap.mjs). */
function editLock(edit: (packages: Lock['packages']) => void): void {
  const lock = readLock();
  edit(lock.packages);
  const text = lockText(lock);
  writeFileSync(LOCK, text);
  rmSync(STAMP, { force: true }); // a link to the original in a copy of the sources
  writeFileSync(STAMP, createHash('sha256').update(text).digest('hex'));
}
