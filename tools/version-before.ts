import { execFileSync } from 'node:child_process';

/**
 * Returns the commit to compare these files with: HEAD when they have uncommitted changes, else the commit before their
 * last change. Prints a note and returns undefined when no earlier version is available.
 */
export function versionBefore(files: string): string | undefined {
  try {
    const commit = process.env['CONTRACTS_BASE'] ?? commitBeforeLastChange(files);
    git('rev-parse', '--verify', `${commit}^{commit}`);
    return commit;
  } catch {
    console.log(`Cannot compare ${files}: no earlier version is available (a shallow clone?)`);
    return undefined;
  }
}

function commitBeforeLastChange(files: string): string {
  if (git('status', '--porcelain', '--', files).trim() !== '') return 'HEAD';
  return `${git('log', '-1', '--format=%H', '--', files).trim()}~1`;
}

export function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
