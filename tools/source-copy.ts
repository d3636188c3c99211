import {
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const SKIPPED = new Set(['node_modules', '.fieldguide', '.nx', '.git']);
/** Also what an integration test builds beside its sources meanwhile. */
const isSkipped = (name: string) => SKIPPED.has(name) || name.startsWith('.bundle-');

/**
 * Copies the sources to another folder, where a test may change them. Installed packages are links to those of `root`;
 * our own packages are those of the copy.
 */
export function copySources(root: string, to: string): void {
  for (const name of readdirSync(root))
    if (!isSkipped(name))
      cpSync(join(root, name), join(to, name), {
        recursive: true,
        filter: (source) => !isSkipped(basename(source)),
      });
  linkPackages(root, to, 'node_modules');
  for (const folder of globSync('*/{*/,}node_modules', { cwd: root }))
    if (!folder.startsWith('node_modules')) symlinkSync(join(root, folder), join(to, folder));
}

function linkPackages(root: string, to: string, folder: string): void {
  mkdirSync(join(to, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder))) {
    const [installed, link] = [join(root, folder, name), join(to, folder, name)];
    const isOwn = lstatSync(installed).isSymbolicLink();
    if (name.startsWith('@') && !isOwn) linkPackages(root, to, join(folder, name));
    else if (isOwn) symlinkSync(resolve(dirname(link), readlinkSync(installed)), link);
    else symlinkSync(installed, link);
  }
}
