import { EventEmitter } from 'node:events';
import type { Clock } from '@fieldguide/clock';

/**
 * Sends hints that there is work, so that no loop polls fast. A hint may be lost: a waiting loop also needs a timeout.
 */
export abstract class Notifier {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #counts = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends a hint that `channel` has work; call it after the commit. */
  notify(channel: string): void {
    this.wake(channel);
  }

  /** Resolves at the next hint, after `timeoutMs`, or when `signal` aborts; never rejects. */
  async wait(channel: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const over = new AbortController();
    const end = () => over.abort();
    this.#emitter.once(channel, end);
    signal.addEventListener('abort', end, { once: true });
    await this.#clock.sleep(timeoutMs, over.signal).catch(() => undefined);
    this.#emitter.off(channel, end);
    signal.removeEventListener('abort', end);
  }

  /** Counts the hints of a channel, so that a loop detects one that came during its step. */
  count(channel: string): number {
    return this.#counts.get(channel) ?? 0;
  }

  protected wake(channel: string): void {
    this.#counts.set(channel, this.count(channel) + 1);
    this.#emitter.emit(channel);
  }
}

/** Sends hints within this process only. */
export class MemoryNotifier extends Notifier {}
