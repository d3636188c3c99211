import { AsyncLocalStorage } from 'node:async_hooks';
import type { UnitOfWork, UnitOfWorkRunner } from './unit-of-work.ts';

type Work = (uow: UnitOfWork) => Promise<void>;

interface Waiting {
  readonly key: string;
  readonly work: Work;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const GROUP_MAX = 100;
/** The time from the start of one transaction to the next, in which further work joins. */
const INTERVAL_MS = 20;

/**
 * Runs short units of work together: those that a caller adds now in one transaction, and those that arrive meanwhile in the
 * next one. Each sees what the earlier ones have changed. When a transaction fails, each of its works is run again in one of its own.
 */
export class GroupedUnitsOfWork {
  readonly #units: UnitOfWorkRunner;
  readonly #prefetch: (keys: readonly string[], uow: UnitOfWork) => Promise<void>;
  #waiting: Waiting[] = [];
  #isRunning = false;

  /** @param prefetch reads what the works of these keys need, with one statement */
  constructor(
    units: UnitOfWorkRunner,
    prefetch: (keys: readonly string[], uow: UnitOfWork) => Promise<void>,
  ) {
    this.#units = units;
    this.#prefetch = prefetch;
  }

  /**
   * Resolves when the work is committed.
   * @param key what the work is about, for `prefetch`
   */
  run(key: string, work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      // In the trace of the caller, although another one's work may start the transaction.
      this.#waiting.push({ key, work: AsyncLocalStorage.bind(work), resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      queueMicrotask(() => void this.#drain()); // with all that the caller adds now
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const begun = performance.now();
      const group = this.#waiting.splice(0, GROUP_MAX);
      await this.#runAll(group);
      const restMs = begun + INTERVAL_MS - performance.now();
      if (restMs > 0 && group.length < GROUP_MAX)
        await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    this.#isRunning = false;
  }

  async #runAll(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#units.run(async (uow) => {
        await this.#prefetch(
          group.map(({ key }) => key),
          uow,
        );
        for (const { work } of group) {
          uow.continueFrom(undefined);
          await work(uow);
        }
      });
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      else for (const each of group) await this.#runAll([each]);
    }
  }
}
