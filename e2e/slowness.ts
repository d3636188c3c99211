import { execFileSync } from 'node:child_process';

const NODE_STARTS_MS = 250;

/** What is promised in seconds holds where Node itself starts in a fraction of one: elsewhere in as many times that. */
export function slowness(): number {
  const begun = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return Math.max(1, (performance.now() - begun) / NODE_STARTS_MS);
}
