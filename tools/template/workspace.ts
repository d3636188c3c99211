import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** Changes the lock file, and notes that the installed packages match it (tools/bootstrap.mjs). */
function editLock(edit: (packages: Record<string, object>) => void): void {
  const lock = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, object> };
  edit(lock.packages);
  const inOrder = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  const text = `${JSON.stringify({ ...lock, packages: Object.fromEntries(inOrder) }, null, 2)}\n`;
  writeFileSync(LOCK, text);
  rmSync(STAMP, { force: true }); // a link to the original in a copy of the sources
  writeFileSync(STAMP, createHash('sha256').update(text).digest('hex'));
}
