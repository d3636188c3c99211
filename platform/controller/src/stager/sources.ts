import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '@fieldguide/platform-host/environment';
import type { AppSpec } from '@fieldguide/platform-model';

const notShipped = /\.spec\.tsx?$|\.md$|\.http$|\.jsonl$|\.contract\.ts$/;
const skippedFolders = new Set(['node_modules', 'testing', 'dist', 'pact', 'pacts', 'generated']);

/** One hash over everything that an app's artifact is made of: its own sources, its libs', the contracts', the lock file. */
export function sourcesOf({ folder, spec }: { folder: string; spec: object }): string {
  const { assets = [] } = spec as AppSpec;
  const hash = createHash('sha256').update(JSON.stringify(assets));
  const folders = [...closureOf(folder)].toSorted();
  const files = [
    ...folders.flatMap(filesIn),
    join(root, 'package-lock.json'),
    join(root, 'tsconfig.json'),
  ];
  files.push(...filesIn(join(root, 'platform/controller/src/stager')));
  for (const file of files)
    hash.update(`${relative(root, file).replaceAll('\\', '/')}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** The app's folder and those of the workspace packages it depends on, directly or not. */
function closureOf(folder: string, seen = new Set<string>()): Set<string> {
  if (seen.has(folder)) return seen;
  seen.add(folder);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies).filter((each) => each.startsWith('@fieldguide/'))) {
    const own = name.slice('@fieldguide/'.length);
    const place = [join(root, 'libs', own), join(root, own)].find((each) =>
      existsSync(join(each, 'package.json')),
    );
    if (place) closureOf(place, seen);
  }
  return seen;
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skippedFolders.has(entry.name)) return []; // a link to a folder too
    if (entry.isDirectory()) return filesIn(path);
    return notShipped.test(entry.name) ? [] : [path];
  });
}
