import type { Health } from '@fieldguide/telemetry';
import { type BackgroundLoop, type LoopSettings, startWorker } from './background-loop.ts';

const SAMPLE_EVERY_MS = 10_000;
/** Maximum age of the oldest item before readiness is degraded. */
const STALLED_SECONDS = 30;

type Loop = Pick<LoopSettings, 'notifier' | 'clock' | 'log'> & { readonly everyMs?: number };

/** Pending work: its size, and the age of the oldest item. */
export interface Backlog {
  readonly count: number;
  readonly oldestSeconds: number;
}

/**
 * Samples a backlog every 10 s. Readiness is degraded, not down, while the oldest item has waited for longer than 30 s: the
 * instance still serves requests.
 * @param name name of the readiness check
 */
export function watchBacklog(
  name: string,
  read: () => Promise<Backlog>,
  { health, ...loop }: Loop & { readonly health: Health },
  set: (backlog: Backlog) => void,
): BackgroundLoop {
  let backlog: Backlog = { count: 0, oldestSeconds: 0 };
  health.register(name, () => {
    const { count, oldestSeconds } = backlog;
    if (oldestSeconds <= STALLED_SECONDS) return 'ok';
    const detail = `${count} wait to be published, the oldest for ${Math.round(oldestSeconds)} s`;
    return { state: 'degraded', detail };
  });
  return sampled(name, loop, async () => {
    backlog = await read();
    set(backlog);
  });
}

/** Samples a number or several every 10 s, for gauges. */
export function watchSample<Sample>(
  name: string,
  read: () => Promise<Sample>,
  loop: Loop,
  set: (sample: Sample) => void,
): BackgroundLoop {
  return sampled(name, loop, async () => set(await read()));
}

function sampled(
  name: string,
  { everyMs = SAMPLE_EVERY_MS, notifier, clock, log }: Loop,
  sample: () => Promise<void>,
): BackgroundLoop {
  const watch = `watch:${name}`;
  const settings = { name: watch, channel: watch, idleMs: everyMs, notifier, clock, log };
  const step = async () => {
    // The next sample follows anyway; readiness reports an unreachable database by another check.
    await sample().catch((error: unknown) => log.warn({ err: error }, `${watch} failed`));
    return false;
  };
  return startWorker(settings, step);
}
