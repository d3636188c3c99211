import { execFileSync } from 'node:child_process';

/**
 * The commit to compare these files with: the present one while something is changed, else the one before their last
 * change. Undefined, and said, when no earlier version is known.
 */
export function versionBefore(files: string): string | undefined {
  try {
    const commit = process.env['CONTRACTS_BASE'] ?? lastOther(files);
    git('rev-parse', '--verify', `${commit}^{commit}`);
    return commit;
  } catch {
    console.log(`No earlier version of ${files} is known here (a shallow clone?): not compared`);
    return undefined;
  }
}

function lastOther(files: string): string {
  if (git('status', '--porcelain', '--', files).trim() !== '') return 'HEAD';
  return `${git('log', '-1', '--format=%H', '--', files).trim()}~1`;
}

export function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
