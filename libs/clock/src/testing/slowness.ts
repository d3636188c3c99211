import { execFileSync } from 'node:child_process';

const NODE_STARTS_MS = 250;
const SLOWNESS_MAX = 6;

/**
 * How many times slower than usual this machine is at this moment, from 1 to 6: how long Node takes to start, compared
 * with 250 ms. Multiply a limit in seconds by it, and nothing else; a condition is awaited instead. The upper bound keeps
 * a limit a limit.
 */
export function slowness(): number {
  const begun = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  const factor = (performance.now() - begun) / NODE_STARTS_MS;
  return Math.min(SLOWNESS_MAX, Math.max(1, factor));
}
