// Stored events never change, so their examples must not either: `npm run check` compares them with the version before
// in git. A new format is a new file.
import { existsSync, readFileSync } from 'node:fs';
import { git, versionBefore } from './version-before.ts';

const STORED = ':(glob)apps/*/src/**/stored/*.json';

const commit = versionBefore(STORED);
const before = commit ? git('ls-tree', '-r', '--name-only', commit, 'apps').split('\n') : [];
const faults = before
  .filter((file) => /\/stored\/[^/]+\.json$/.test(file))
  .filter((file) => existsSync(file.split('/', 2).join('/'))) // a removed service reads no events
  .filter(
    (file) => !existsSync(file) || readFileSync(file, 'utf8') !== git('show', `${commit}:${file}`),
  );
for (const file of faults)
  console.error(
    `${file} has changed, but databases contain events in this format.\nTry: restore it, and write an upcaster to the new format (docs/how-to/change-a-stored-event.md)`,
  );
process.exitCode = faults.length > 0 ? 1 : 0;
