import { join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { cacheFolder } from '../environment.ts';
import type { ProgressListener } from './backing-service.ts';
import { describeCause, download, progressReporter } from './download.ts';
import { packageIndex, type Wheel, wheelAddress, withoutCredentials } from './wheel.mjs';

/** Returns the path of a wheel in the cache. */
export function wheelFile({ file }: Wheel): string {
  return join(cacheFolder, 'wheels', file);
}

/**
 * Downloads a wheel into the cache, unless a complete one is there.
 * @returns its path
 */
export async function fetchWheel(
  wheel: Wheel,
  report: ProgressListener,
  signal?: AbortSignal,
): Promise<string> {
  const { name, version, bytes, sha256 } = wheel;
  const address = async () => {
    const { url } = withoutCredentials(packageIndex());
    report(`${name} ${version}: downloading ${Math.round(bytes / 1e6)} MB from ${url}`);
    try {
      return await wheelAddress(wheel, { signal });
    } catch (error) {
      throw new CliError(
        `Cannot download ${name} ${version}: ${describeCause(error)}`,
        'check the network, HTTPS_PROXY and PIP_INDEX_URL, then run the command again',
        error,
      );
    }
  };
  const progress = progressReporter(name, bytes, report);
  const file = wheelFile(wheel);
  await download(address, file, { algorithm: 'sha256', hex: sha256 }, progress, signal);
  return file;
}
