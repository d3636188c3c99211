import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 240_000;

/** Checks a condition twice a second. @returns seconds until it was met @throws Error when it is not met in time */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now();
  const seconds = () => Math.round((performance.now() - startMs) / 1_000);
  while (!(await isSo())) {
    if (performance.now() - startMs > WAIT_MS)
      throw new Error(`Not within ${WAIT_MS / 1_000} s: ${what}`);
    await sleep(500);
  }
  console.log(`✓ ${what} (${seconds()} s)`);
  return seconds();
}
