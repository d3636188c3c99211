import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.ts';

const STAMP = 'node_modules/.fieldguide-lock';
const linkOf = (scope: string, name: string) => join('node_modules', scope, name);

/** Links the package of a new app, as npm does for a workspace. */
export function linkPackage(scope: string, name: string): void {
  const link = linkOf(scope, name);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(join('..', '..', 'apps', name), link, 'junction');
}

export function unlinkPackage(scope: string, name: string): void {
  rmSync(linkOf(scope, name), { recursive: true, force: true });
}

/**
 * Updates the lock file after a package was added or removed that depends only on what is installed: nothing has to be
 * installed, now or by the next command (tools/bootstrap.mjs).
 */
export function updateLock(): void {
  const args = ['--package-lock-only', '--ignore-scripts', '--prefer-offline'];
  run('npm', ['install', ...args, '--no-audit', '--no-fund', '--loglevel=error']);
  rmSync(STAMP, { force: true }); // a link to another clone in a copy of the sources
  const digest = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  writeFileSync(STAMP, digest);
}
