/** Waits for the turn of its actor. @throws Error when the schedule crashes the actor there */
export type Gate = () => Promise<void>;
export type Actor = (gate: Gate) => Promise<void>;

/** A crash of a process between two statements. */
class Crash extends Error {
  override name = 'Crash';
}

// Longer than a statement takes that waits for no lock: an actor that takes longer is blocked by another's lock.
const BLOCKED_MS = 4;

/** Interleaves the steps of several actors, one step at a time. The same seed gives the same order. */
export class Schedule {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1;
  }

  /** Returns an integer from 0 up to, not including, `below`. */
  random(below: number): number {
    this.#state = (this.#state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((this.#state / 2_147_483_648) * below);
  }

  /**
   * Runs the actors to their ends; calls `look` between some of their steps.
   * @param crashes one in so many gates crashes its actor; 0: none
   */
  async run(actors: readonly Actor[], look: () => Promise<void>, crashes = 0): Promise<void> {
    const waiting = new Map<number, { go: () => void; crash: (error: Error) => void }>();
    let left = actors.length;
    let moved = Promise.withResolvers<void>();
    const notify = () => {
      moved.resolve();
      moved = Promise.withResolvers<void>();
    };
    const errors: unknown[] = [];
    const all = actors.map(async (actor, n) => {
      const gate: Gate = () =>
        new Promise((go, crash) => {
          waiting.set(n, { go, crash });
          notify();
        });
      try {
        await actor(gate);
      } catch (error) {
        if (!(error instanceof Crash)) errors.push(error);
      }
      left -= 1;
      notify();
    });
    await settled(
      () => waiting.size === left,
      () => moved.promise,
    );
    while (left > 0) {
      if (this.random(3) === 0) await look();
      const ready = [...waiting.keys()];
      if (ready.length === 0) {
        if (left > 0) await moved.promise; // the last actor may have ended during `look`
        continue;
      }
      const n = ready[this.random(ready.length)]!;
      const { go, crash } = waiting.get(n)!;
      waiting.delete(n);
      if (crashes > 0 && this.random(crashes) === 0) crash(new Crash('killed'));
      else go();
      await settled(
        () => waiting.size === left,
        () => moved.promise,
        BLOCKED_MS,
      );
    }
    await Promise.all(all);
    if (errors.length > 0) throw errors[0];
  }
}

/** Waits until every actor is at a gate or done, or at most `withinMs`: then an actor waits for a lock. */
async function settled(
  isSettled: () => boolean,
  moved: () => Promise<void>,
  withinMs = 1_000,
): Promise<void> {
  const late = new Promise<'late'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), withinMs);
    timer.unref();
  });
  while (!isSettled())
    if ((await Promise.race([moved().then(() => 'moved'), late])) === 'late') return;
}
