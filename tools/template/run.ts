import { execFileSync, spawnSync } from 'node:child_process';

/** Runs a command in the terminal. @throws Error when it fails */
export function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (exit code ${status}).`);
}

/** Returns what a git command prints. @throws Error when it fails */
export function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
}
