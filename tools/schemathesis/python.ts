import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '@fieldguide/platform-host/environment';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
// The Python versions that the pinned requirements support.
const OLDEST = [3, 11] as const;
const INSTALL_MS_MAX = 300_000;

/**
 * Installs the locked Schemathesis into its own virtual environment in the user's cache, unless it is there.
 * @returns the Python of this environment; undefined when this machine has no suitable Python
 */
export function pythonWithSchemathesis(): string | undefined {
  const name = process.platform === 'win32' ? 'python' : 'python3';
  if (!isSuitable(name)) return undefined;
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const folder = join(cacheFolder, `schemathesis-${digest.slice(0, 12)}`);
  const python = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', name] : ['bin', name]),
  );
  const isComplete = join(folder, 'complete');
  if (existsSync(isComplete)) return python;
  rmSync(folder, { recursive: true, force: true });
  run(name, '-m', 'venv', folder);
  const locked = ['--require-hashes', '--requirement', requirements];
  run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...locked);
  writeFileSync(isComplete, '');
  return python;
}

function isSuitable(python: string): boolean {
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  try {
    execFileSync(python, ['-c', check], { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'inherit', timeout: INSTALL_MS_MAX });
}
