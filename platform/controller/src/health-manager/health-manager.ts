import pidusage from 'pidusage';
import type { Instance } from '../runner/instance.ts';
import type { AppReconciler } from './app-reconciler.ts';

const PROBE_EVERY_MS = 3_000;
const PROBE_AGAIN_MS = 500;
const MEASURE_EVERY_MS = 10_000;
const MB = 1_048_576;

/** Looks at every instance: does it answer, and what does it use? What follows is the keepers' business. */
export class HealthManager {
  readonly #reconcilers: ReadonlyMap<string, AppReconciler>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #probing = new Set<Instance>();

  constructor(reconcilers: ReadonlyMap<string, AppReconciler>) {
    this.#reconcilers = reconcilers;
  }

  start(): void {
    this.#every(PROBE_EVERY_MS, () => {
      for (const { reconciler, instance } of this.#ready()) void this.#probe(reconciler, instance);
    });
    this.#every(MEASURE_EVERY_MS, () => void this.measure());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** CPU since the last look, and memory; on Linux and macOS (`ps`) and Windows. */
  async measure(): Promise<void> {
    const all = this.#ready();
    const pids = all.map(({ instance }) => instance.child.pid!);
    if (pids.length === 0) return;
    const usage = await pidusage(pids).catch(() => undefined); // one of them has just ended
    for (const { reconciler, instance } of all) {
      const { cpu, memory } = usage?.[instance.child.pid!] ?? {};
      if (cpu === undefined || memory === undefined) continue;
      reconciler.recordUsage(instance, {
        cpuPercent: Math.round(cpu * 10) / 10,
        memoryMb: Math.round(memory / MB),
      });
    }
  }

  /** Repeats a failed check immediately, so that a frozen instance is detected within ten seconds. */
  async #probe(reconciler: AppReconciler, instance: Instance): Promise<void> {
    if (this.#probing.has(instance)) return;
    this.#probing.add(instance);
    try {
      const alive = await instance.isAlive();
      reconciler.recordProbe(instance, alive);
      if (!alive && instance.child.isRunning)
        setTimeout(() => void this.#probe(reconciler, instance), PROBE_AGAIN_MS).unref();
    } finally {
      this.#probing.delete(instance);
    }
  }

  #ready(): { reconciler: AppReconciler; instance: Instance }[] {
    return [...this.#reconcilers.values()].flatMap((reconciler) =>
      [...reconciler.slots.values()]
        .filter(({ ready, instance }) => ready && instance.child.isRunning)
        .map(({ instance }) => ({ reconciler, instance })),
    );
  }

  #every(ms: number, work: () => void): void {
    let due = performance.now() + ms;
    const tick = () => {
      const delayMs = performance.now() - due;
      due = performance.now() + ms;
      // After sleep or under heavy load, failed checks prove nothing: skip one round.
      if (delayMs < ms) work();
    };
    this.#timers.push(setInterval(tick, ms));
  }
}
