import type { BackgroundLoop, LoopSettings } from './background-loop.ts';
import type { Leases } from './leases.ts';

/** What a worker needs to run: hints, time, log, and leases for work that only one instance does. */
export interface WorkerContext extends Pick<LoopSettings, 'notifier' | 'clock' | 'log'> {
  readonly leases: Leases;
}

/** Work in the background: `WorkersModule` starts every provider of this kind, and stops it at shutdown. */
export abstract class BackgroundWorker {
  /** `every`: in each process, whatever its PROCESSES, because the work maintains the process's own memory or metrics. */
  readonly runsIn: 'worker' | 'every' = 'worker';

  /** @see startWorker @see startLeasedWorker */
  abstract start(context: WorkerContext): BackgroundLoop;
}

/** Stops several loops as one. */
export const together = (...loops: readonly BackgroundLoop[]): BackgroundLoop => ({
  stop: async () => {
    await Promise.all(loops.map((each) => each.stop()));
  },
});
