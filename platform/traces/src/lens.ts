import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fetchJar, type Jar } from '@fieldguide/platform-host/backing-services/maven';
import { cacheFolder } from '@fieldguide/platform-host/environment';
import { unzipSync } from 'fflate';

const jar: Jar = JSON.parse(readFileSync(new URL('./lens.lock.json', import.meta.url), 'utf8'));
const FOLDER = 'zipkin-lens/';
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

export interface LensFile {
  readonly content: Buffer;
  readonly contentType: string;
  /** Its name contains a hash of its content. */
  readonly isHashed: boolean;
}

let loading: Promise<ReadonlyMap<string, LensFile>> | undefined;

const cached = join(cacheFolder, 'jars', `${jar.artifactId}-${jar.version}.jar`);

/** Returns the version of Lens, the size of its archive, and whether the archive is in the cache. */
export function lensInCache() {
  return { version: jar.version, bytes: jar.bytes, isPresent: existsSync(cached) };
}

/** Downloads the archive of Lens into the cache, or verifies the cached one. @returns its path */
export async function fetchLens(): Promise<string> {
  await fetchJar(jar, cached);
  return cached;
}

/**
 * Returns the files of Lens, Zipkin's user interface, by their paths in it: `static/js/index.….js`. They are kept in
 * memory (2.6 MB) from the first call on, so no path leads to another file.
 * @throws CliError when they are not in the cache and cannot be downloaded; the next call tries again
 */
export function lensFiles(): Promise<ReadonlyMap<string, LensFile>> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<ReadonlyMap<string, LensFile>> {
  const archive = unzipSync(await readFile(await fetchLens()));
  const files = Object.entries(archive).filter(([name]) => !name.endsWith('/'));
  return new Map(
    files.map(([name, content]) => [
      name.replace(FOLDER, ''),
      {
        content: Buffer.from(content),
        contentType: contentTypes[extname(name)] ?? 'application/octet-stream',
        isHashed: /\.[\w-]{8}\.(js|css)$/.test(name),
      },
    ]),
  );
}
