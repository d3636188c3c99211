import { join } from 'node:path';
import { watch } from 'chokidar';
import type { Say } from '../backing/backing-service.ts';
import { root } from '../environment.ts';
import type { Platform } from './platform.ts';

const SETTLED_MS = 200;

/** `fieldguide dev`: when sources change, the apps made of them are staged again and replaced; a fault leaves the old ones running. */
export function watchSources(platform: Platform, say: Say): () => void {
  let timer: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      working = working
        .then(() => platform.renew())
        .catch((error: Error) => say(`! ${error.message}\n  The running version stays.`));
    }, SETTLED_MS);
  };
  const folders = ['apps', 'libs', 'contracts'].map((folder) => join(root, folder));
  const ignored = /node_modules|\.spec\.ts$|\.md$/;
  const watcher = watch(folders, { ignored, ignoreInitial: true }).on('all', changed);
  say('Watching apps, libs and contracts: what changes is staged and restarted');
  return () => {
    clearTimeout(timer);
    void watcher.close();
  };
}
