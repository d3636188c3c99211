const BACKOFF_MS = [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

/** Returns the delay after consecutive failures: the first restart is immediate, then the delay doubles up to 30 s. */
export function backoffMs(failures: number): number {
  return failures === 0 ? 0 : BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1]!;
}
