// Reads the packages of the workspace with the tags in their package.json files.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A package of the workspace. `folder` is relative to the root, with forward slashes. */
export interface Package {
  readonly name: string;
  readonly folder: string;
  /** The value of its tag `type:`, for example `lib`. */
  readonly type: string;
  /** The value of its tag `group:`; packages of one type import earlier groups only. */
  readonly group: number;
  /** Names of the packages that it declares, of every kind of dependency. */
  readonly declared: readonly string[];
}

interface Manifest {
  name: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  nx?: { tags?: string[] };
}

/** Reads the packages in the workspaces of the root's package.json. */
export function readPackages(root: string): Package[] {
  const folders = globSync(manifestIn(root, '.').workspaces ?? [], { cwd: root });
  const withManifest = globSync(
    folders.map((folder) => `${folder.replaceAll('\\', '/')}/package.json`),
    { cwd: root },
  );
  return withManifest
    .map((file) => toPackage(dirname(file).replaceAll('\\', '/'), manifestIn(root, dirname(file))))
    .sort((a, b) => a.folder.localeCompare(b.folder));
}

/** Returns the names of the packages that the root declares for the tests and tools of all packages. */
export const declaredByRoot = (root: string) => declaredIn(manifestIn(root, '.'));

function toPackage(folder: string, manifest: Manifest): Package {
  const tag = (key: string) =>
    manifest.nx?.tags?.find((tag) => tag.startsWith(`${key}:`))?.slice(key.length + 1);
  const type = tag('type');
  if (!type) throw new Error(`${folder}/package.json needs a tag type:… under nx.tags.`);
  return {
    name: manifest.name,
    folder,
    type,
    group: Number(tag('group') ?? 0),
    declared: declaredIn(manifest),
  };
}

const declaredIn = ({ dependencies, devDependencies, optionalDependencies }: Manifest) =>
  Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });

const manifestIn = (root: string, folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
