import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '@fieldguide/platform-host/environment';

/** How to start a browser, and the variables that it needs. */
export interface BrowserProgram {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

const lockFolder = fileURLToPath(new URL('../../tools/browser/', import.meta.url));
const lockFiles = ['package.json', 'package-lock.json'];

/**
 * Returns the Chromium of the lock file in tools/browser, from the user's cache or installed into it (67 MB). Its
 * package holds a build for Linux on x64, which needs no other package of the system.
 */
export function lockedChromium(): BrowserProgram {
  const lock = readFileSync(join(lockFolder, 'package-lock.json'));
  const version = createHash('sha256').update(lock).digest('hex').slice(0, 12);
  const folder = join(cacheFolder, `chromium-${version}`);
  if (!existsSync(folder)) install(folder);
  const executablePath = join(folder, 'chromium');
  const libraries = join(folder, 'al2023', 'lib');
  return {
    executablePath,
    env: {
      ...(existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: join(folder, 'fonts') }),
      ...(isComplete(executablePath) ? {} : { LD_LIBRARY_PATH: libraries }),
    },
  };
}

/** Prepared elsewhere and renamed: an interrupted installation leaves nothing that looks like a complete one. */
function install(folder: string): void {
  process.stderr.write('  Installing Chromium for the tests (67 MB)\n');
  const preparing = `${folder}.${process.pid}`;
  mkdirSync(preparing, { recursive: true });
  for (const file of lockFiles) copyFileSync(join(lockFolder, file), join(preparing, file));
  const ci = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ci, { cwd: preparing, stdio: ['ignore', 'ignore', 'inherit'] });
  // The package unpacks into the folder for temporary files, with its libraries only where it knows the runtime.
  const unpack =
    "import c from '@sparticuz/chromium'; c.setGraphicsMode = false; await c.executablePath();";
  execFileSync(process.execPath, ['--input-type=module', '--eval', unpack], {
    cwd: preparing,
    env: { ...process.env, TMPDIR: preparing, AWS_EXECUTION_ENV: 'nodejs24.x' },
    stdio: 'inherit',
  });
  rmSync(join(preparing, 'node_modules'), { recursive: true });
  if (existsSync(folder)) rmSync(preparing, { recursive: true });
  else renameSync(preparing, folder);
}

/** Whether the system has every library that the program is linked to. */
function isComplete(executablePath: string): boolean {
  try {
    return !execFileSync('ldd', [executablePath], { encoding: 'utf8' }).includes('not found');
  } catch {
    return true; // without ldd, the start itself shows it
  }
}
