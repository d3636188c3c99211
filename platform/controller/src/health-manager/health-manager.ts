import pidusage from 'pidusage';
import type { Instance } from '../runner/instance.ts';
import type { AppKeeper } from './app-keeper.ts';

const PROBE_EVERY_MS = 3_000;
const PROBE_AGAIN_MS = 500;
const MEASURE_EVERY_MS = 10_000;
const MB = 1_048_576;

/** Looks at every instance: does it answer, and what does it use? What follows is the keepers' business. */
export class HealthManager {
  readonly #keepers: ReadonlyMap<string, AppKeeper>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #probing = new Set<Instance>();

  constructor(keepers: ReadonlyMap<string, AppKeeper>) {
    this.#keepers = keepers;
  }

  start(): void {
    this.#every(PROBE_EVERY_MS, () => {
      for (const { keeper, instance } of this.#ready()) void this.#probe(keeper, instance);
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
    for (const { keeper, instance } of all) {
      const { cpu, memory } = usage?.[instance.child.pid!] ?? {};
      if (cpu === undefined || memory === undefined) continue;
      keeper.measured(instance, {
        cpuPercent: Math.round(cpu * 10) / 10,
        memoryMb: Math.round(memory / MB),
      });
    }
  }

  /** A silent one is asked again at once, so that a frozen instance is known within ten seconds. */
  async #probe(keeper: AppKeeper, instance: Instance): Promise<void> {
    if (this.#probing.has(instance)) return;
    this.#probing.add(instance);
    try {
      const alive = await instance.isAlive();
      keeper.heard(instance, alive);
      if (!alive && instance.child.isRunning)
        setTimeout(() => void this.#probe(keeper, instance), PROBE_AGAIN_MS).unref();
    } finally {
      this.#probing.delete(instance);
    }
  }

  #ready(): { keeper: AppKeeper; instance: Instance }[] {
    return [...this.#keepers.values()].flatMap((keeper) =>
      [...keeper.slots.values()]
        .filter(({ ready, instance }) => ready && instance.child.isRunning)
        .map(({ instance }) => ({ keeper, instance })),
    );
  }

  #every(ms: number, work: () => void): void {
    let due = performance.now() + ms;
    const tick = () => {
      const late = performance.now() - due;
      due = performance.now() + ms;
      // A machine that slept, or has no time for us, says nothing about the instances: they get a round to come back.
      if (late < ms) work();
    };
    this.#timers.push(setInterval(tick, ms));
  }
}
