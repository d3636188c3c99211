import { execFileSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';

const NODE_STARTS_MS = 250;
// A test that runs the whole system makes about this much load itself, for each core.
const OWN_LOAD = 2;
const SLOWNESS_MAX = 6;

/**
 * How many times slower than usual this machine is, from 1 to 6: how long Node takes to start now, compared with 250 ms,
 * or how many processes waited for each core during the last minute, whichever is more. Multiply a limit in seconds by it, and nothing else; a condition is awaited instead. The upper bound keeps
 * a limit a limit.
 */
export function slowness(): number {
  const begun = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  const startsIn = (performance.now() - begun) / NODE_STARTS_MS;
  const load = loadavg()[0]! / availableParallelism() / OWN_LOAD;
  return Math.min(SLOWNESS_MAX, Math.max(1, startsIn, load));
}
