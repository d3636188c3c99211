/** Maximum number of records for one call of the handler, which is one transaction. */
export const CHUNK_RECORDS = 64;
/** Maximum number of concurrent calls; each needs one of the pool's eight connections. */
const CALLS_MAX = 2;

/** What one fetch has returned for one partition. */
export interface Turn {
  /** The partition. Its records are in order: no two turns of it wait at the same time. */
  readonly id: string;
  readonly records: number;
  /** The number of records that are handled already. */
  handled: number;
  /** Whether the rest is left to the next fetch. */
  isOver(): boolean;
  /** Called once, when the turn is over or all of its records are handled. */
  end(): void;
  /** Called instead of `end` when a call with records of this turn alone has failed. */
  fail(error: Error): void;
  /** Called instead of `end` when the transport did not accept that records are handled. */
  abort(error: unknown): void;
}

/** The next records of a turn, as part of one call. */
export interface Part<Any extends Turn> {
  readonly turn: Any;
  readonly from: number;
  readonly to: number;
}

interface Calls<Any extends Turn> {
  handle(parts: readonly Part<Any>[]): Promise<void>;
  /** Called after the records are handled, so that the transport does not deliver them again. */
  commit(parts: readonly Part<Any>[]): Promise<void>;
}

/**
 * Hands the records of all partitions that wait to one call, in the order in which the partitions came: many messages are one
 * transaction, and no partition starves. When a call with several partitions fails, each of them is called by itself until
 * it succeeds: a partition that fails does not stop the others.
 */
export class PartitionTurns<Any extends Turn> {
  readonly #calls: Calls<Any>;
  readonly #alone = new Set<string>();
  #waiting: Any[] = [];
  #running = 0;

  constructor(calls: Calls<Any>) {
    this.#calls = calls;
  }

  /** Waits until the end of this turn of the event loop: the partitions of a fetch come one after the other. */
  add(turn: Any): void {
    this.#waiting.push(turn);
    queueMicrotask(() => this.#callNext());
  }

  /** Forgets the failures of partitions that another member reads now. */
  keepOnly(ids: readonly string[]): void {
    for (const id of this.#alone) if (!ids.includes(id)) this.#alone.delete(id);
  }

  #callNext(): void {
    while (this.#running < CALLS_MAX) {
      const parts = this.#take();
      if (parts.length === 0) return;
      this.#running += 1;
      void this.#call(parts).finally(() => {
        this.#running -= 1;
        this.#callNext();
      });
    }
  }

  #take(): Part<Any>[] {
    const isOver = Map.groupBy(this.#waiting, (turn) => turn.isOver());
    for (const turn of isOver.get(true) ?? []) turn.end();
    const open = isOver.get(false) ?? [];
    const isAlone = ({ id }: Any) => this.#alone.has(id);
    const isFirstAlone = open[0] && isAlone(open[0]);
    const parts: Part<Any>[] = [];
    let room = CHUNK_RECORDS;
    for (const turn of isFirstAlone ? open.slice(0, 1) : open) {
      if (room === 0) break;
      if (isAlone(turn) && !isFirstAlone) continue;
      const to = Math.min(turn.handled + room, turn.records);
      parts.push({ turn, from: turn.handled, to });
      room -= to - turn.handled;
    }
    this.#waiting = open.filter((turn) => !parts.some((part) => part.turn === turn));
    return parts;
  }

  async #call(parts: readonly Part<Any>[]): Promise<void> {
    const turns = parts.map(({ turn }) => turn);
    try {
      await this.#calls.handle(parts);
    } catch (error) {
      for (const { id } of turns) this.#alone.add(id);
      if (turns.length > 1) this.#waiting.unshift(...turns);
      else turns[0]!.fail(error as Error);
      return;
    }
    for (const { turn, to } of parts) {
      this.#alone.delete(turn.id);
      turn.handled = to;
    }
    try {
      await this.#calls.commit(parts);
    } catch (error) {
      for (const turn of turns) turn.abort(error);
      return;
    }
    for (const turn of turns) {
      if (turn.handled < turn.records) this.#waiting.push(turn);
      else turn.end();
    }
  }
}
