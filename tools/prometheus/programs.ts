import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { install, isComplete } from '@fieldguide/platform-host/backing-services/consul';
import { withDebianPackage } from '@fieldguide/platform-host/backing-services/debian-package';
import { cacheFolder } from '@fieldguide/platform-host/environment';

const names = ['prometheus', 'promtool'] as const;
type Programs = Readonly<Record<(typeof names)[number], string>>;

/**
 * Finds Prometheus and promtool on PATH or in the user's cache, else downloads Debian's package into it (2.42; without
 * discovery in Consul).
 * @throws Error when this system is not Debian
 */
export async function prometheusPrograms(): Promise<Programs> {
  if (names.every((name) => spawnSync(name, ['--version']).status === 0))
    return { prometheus: 'prometheus', promtool: 'promtool' };
  const folder = join(cacheFolder, 'prometheus');
  const cached = Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Programs;
  const complete = await Promise.all(names.map((name) => isComplete(cached[name])));
  if (complete.every(Boolean)) return cached;
  await withDebianPackage('prometheus', 'bookworm', async (unpacked) => {
    mkdirSync(folder, { recursive: true });
    for (const name of names) {
      copyFileSync(join(unpacked, 'usr', 'bin', name), `${cached[name]}.new`);
      chmodSync(`${cached[name]}.new`, 0o755);
      await install(cached[name]);
    }
  });
  return cached;
}
