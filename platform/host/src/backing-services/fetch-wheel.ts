import { join } from 'node:path';
import { cacheFolder } from '../environment.ts';
import { Fault } from '../fault.ts';
import type { Say } from './backing-service.ts';
import { download, reasonOf, sayingProgress } from './cache.ts';
import { packageIndex, type Wheel, wheelAddress, withoutCredentials } from './wheel.mjs';

/** Where a wheel is kept, as a path in the cache. */
export function wheelFile({ file }: Wheel): string {
  return join(cacheFolder, 'wheels', file);
}

/**
 * Downloads a wheel into the cache, unless it is there and whole.
 * @returns its file
 */
export async function fetchWheel(wheel: Wheel, say: Say, signal?: AbortSignal): Promise<string> {
  const { name, version, bytes, sha256 } = wheel;
  const address = async () => {
    const { url } = withoutCredentials(packageIndex());
    say(`${name} ${version}: fetching ${Math.round(bytes / 1e6)} MB from ${url}`);
    try {
      return await wheelAddress(wheel, { signal });
    } catch (error) {
      throw new Fault(
        `${name} ${version} cannot be fetched: ${reasonOf(error)}`,
        'check the network, HTTPS_PROXY and PIP_INDEX_URL, then run the command again',
        error,
      );
    }
  };
  const progress = sayingProgress(name, bytes, say);
  const file = wheelFile(wheel);
  await download(address, file, { algorithm: 'sha256', hex: sha256 }, progress, signal);
  return file;
}
