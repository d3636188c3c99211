// Runs on whatever Node is installed (20 is enough): makes node_modules match the lock file, which
// also brings Node 24. Plain JavaScript and no imports from npm, because nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
if (process.platform === 'darwin' && major < 24) {
  console.error(
    `Fieldguide needs Node 24 on macOS, and this is ${process.version}: there is no npm package of\n` +
      'Node 24 for macOS. Try: install Node 24 (for example with a version manager), then run again.',
  );
  process.exit(1);
}

const stamp = 'node_modules/.fieldguide-lock';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('Installing dependencies as locked (about a minute the first time) …');
  const env = { ...process.env };
  delete env.NODE_ENV; // production would leave out what the build needs
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--include=optional'];
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
