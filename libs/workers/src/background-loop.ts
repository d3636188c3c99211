import type { Clock } from '@fieldguide/clock';
import type { Log } from '@fieldguide/telemetry';
import type { Lease, Leases } from './leases.ts';
import type { Notifier } from './notifier.ts';

export interface LoopSettings {
  readonly name: string;
  /** The channel whose hints wake the loop; it also runs its step at least every `idleMs`. */
  readonly channel: string;
  readonly idleMs?: number;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
}

/** Returns whether there may be more to do now, or the milliseconds until there is. */
export type Step = (signal: AbortSignal) => Promise<boolean | number | undefined>;
export type LeasedStep = (lease: Lease, signal: AbortSignal) => ReturnType<Step>;

/** Work that runs as long as the process: it sleeps when idle, backs off when it fails, and can be stopped. */
export interface BackgroundLoop {
  /** Stops the loop; resolves when the running step has ended. */
  stop(): Promise<void>;
}

// 40 rounds a second, however many hints come. Shorter than a message takes from service to service and back, so that a
// lone one rarely waits.
const PACE_MS = 25;
// When rounds take longer because the machine is busy, there are fewer of them, and each handles more.
const PACE_OF_ROUND = 4;
const PACE_MS_MAX = 100;
const BACKOFF_MS_MAX = 5_000;
/** A step that takes longer than this loses its lease, so that a hanging step does not keep it. */
const LEASED_STEP_MS_MAX = 30_000;
// Due rows may be locked by another instance for a moment.
const DUE_MS_MIN = 20;

/**
 * Runs `step` repeatedly on every instance; for steps that claim their own rows. The first hint after a quiet time runs it
 * immediately. Under load the next step begins 25 ms after the start of the last one and handles all that has come
 * meanwhile; a step that may have left work behind is repeated immediately.
 */
export function startWorker(settings: LoopSettings, step: Step): BackgroundLoop {
  const { name, channel, idleMs = 2_000, notifier, clock, log } = settings;
  const ending = new AbortController();
  const { signal } = ending;

  const run = async () => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const hints = notifier.count(channel);
        const begun = clock.now();
        const more = await step(signal);
        failures = 0;
        if (more === true) continue;
        const waitMs =
          typeof more === 'number' ? Math.min(Math.max(more, DUE_MS_MIN), idleMs) : idleMs;
        if (notifier.count(channel) === hints) await notifier.wait(channel, waitMs, signal);
        await pause(begun, clock, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const waitMs = Math.min(100 * 2 ** failures, BACKOFF_MS_MAX);
        log.warn({ loop: name, err: error, waitMs }, `${name} failed and will be retried`);
        await clock.sleep(waitMs, signal).catch(() => undefined);
      }
    }
  };
  const ended = run();
  return {
    stop: () => {
      ending.abort();
      return ended;
    },
  };
}

/**
 * Waits until 25 ms after a round has begun, or up to 100 ms when it took long, so that the next one handles all that comes
 * meanwhile; ends on abort.
 */
export async function pause(begun: Date, clock: Clock, signal: AbortSignal): Promise<void> {
  const tookMs = Math.max(0, clock.now().getTime() - begun.getTime());
  const paceMs = Math.min(Math.max(PACE_MS, tookMs * PACE_OF_ROUND), PACE_MS_MAX);
  if (tookMs >= paceMs || signal.aborted) return;
  await clock.sleep(paceMs - tookMs, signal).catch(() => undefined);
}

/**
 * Runs `step` on the one instance that holds the lease `name`. The other instances take over when the lease
 * expires, or as soon as it is released. An instance whose step fails releases the lease: another one may run a newer
 * version, or reach what this one cannot.
 */
export function startLeasedWorker(
  settings: LoopSettings,
  leases: Leases,
  step: LeasedStep,
): BackgroundLoop {
  const { name, clock, notifier } = settings;
  const releasedChannel = `lease:${name}`;
  let lease: Lease | undefined;
  let renewAt = 0;

  const release = async () => {
    if (!lease) return;
    await leases.release(lease).catch(() => undefined); // it expires by itself
    lease = undefined;
    notifier.notify(releasedChannel);
  };
  const renew = async () => {
    const held = await leases.acquire(name);
    lease = held.lease;
    renewAt = clock.fromNow(held.retryInMs).getTime();
    return held;
  };
  /** Renews the lease while a step runs that takes longer than the lease lasts. */
  const renewDuring = async (isOver: AbortSignal) => {
    const until = clock.fromNow(LEASED_STEP_MS_MAX).getTime();
    while (lease && renewAt < until) {
      await clock.sleep(Math.max(0, renewAt - clock.now().getTime()), isOver);
      await renew();
    }
  };
  const loop = startWorker(settings, async (signal) => {
    // Waiting for the lease is no success: keep the backoff of the failed step.
    while (!lease || clock.now().getTime() >= renewAt) {
      const hints = notifier.count(releasedChannel);
      const held = await renew();
      const isReleased = notifier.count(releasedChannel) !== hints; // while the attempt was being answered
      if (!lease && !isReleased) await notifier.wait(releasedChannel, held.retryInMs, signal);
      if (signal.aborted) return false;
    }
    const over = new AbortController();
    const renewing = renewDuring(over.signal).catch(() => undefined);
    let failure: unknown;
    try {
      return await step(lease, signal);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      over.abort();
      await renewing; // a renewal after the release would acquire the lease again
      if (failure) await release();
    }
  });
  return {
    stop: async () => {
      await loop.stop();
      await release();
    },
  };
}
