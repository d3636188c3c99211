import { execFileSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';

const NODE_STARTS_MS = 250;
// Load for each core that a test of the whole system causes itself.
const OWN_LOAD = 2;
const SLOWNESS_MAX = 6;

/**
 * How many times slower than usual this machine is, from 1 to 6: the larger of Node's start-up time compared with 250 ms,
 * and the processes waiting for each core during the last minute. Multiply only time limits by it; tests await
 * conditions. The upper bound keeps time limits effective.
 */
export function slowness(): number {
  const begun = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  const startsIn = (performance.now() - begun) / NODE_STARTS_MS;
  const load = loadavg()[0]! / availableParallelism() / OWN_LOAD;
  return Math.min(SLOWNESS_MAX, Math.max(1, startsIn, load));
}
