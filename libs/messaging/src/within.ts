import type { Clock } from '@fieldguide/clock';

/** @throws Error `<what> within <limitMs> ms` when the work takes longer; the work itself is not aborted */
export async function withTimeout(
  limitMs: number,
  clock: Clock,
  what: string,
  work: Promise<void>,
) {
  const done = new AbortController();
  const late = clock.sleep(limitMs, done.signal).then(() => {
    throw new Error(`${what} within ${limitMs} ms`);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
