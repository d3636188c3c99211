const BACKOFF_MS = [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

/** How long to wait after so many failures in a row: the first restart is immediate, then the delay doubles. */
export function backoffMs(failures: number): number {
  return failures === 0 ? 0 : BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1]!;
}
