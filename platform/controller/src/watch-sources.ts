import { join } from 'node:path';
import { apps } from '@fieldguide/platform-host/apps';
import { root } from '@fieldguide/platform-host/environment';
import { watch } from 'chokidar';
import { staged } from './stager/stage.ts';

const DEBOUNCE_MS = 200;

/**
 * `fieldguide dev`: when sources change, the apps made of them are pushed; a fault leaves the old ones running.
 * @returns what ends the watching
 */
export function watchSources(
  wanted: readonly string[],
  push: (app: string) => Promise<unknown>,
  report: (line: string) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<unknown> = Promise.resolve();
  const work = async () => {
    const stale = apps.filter((app) => wanted.includes(app.name) && !staged(app));
    for (const { name } of stale) {
      await push(name).catch(({ message }: Error) =>
        report(`! ${message}\n  The running version stays.`),
      );
    }
  };
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      working = working.then(work);
    }, DEBOUNCE_MS);
  };
  const folders = ['apps', 'libs', 'contracts'].map((folder) => join(root, folder));
  const ignored = /node_modules|\.spec\.ts$|\.md$/;
  const watcher = watch(folders, { ignored, ignoreInitial: true }).on('all', changed);
  report('Watching apps, libs and contracts: what changes is staged and pushed');
  return () => {
    clearTimeout(timer);
    void watcher.close();
  };
}
