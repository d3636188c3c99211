import { EventEmitter } from 'node:events';
import type { Clock } from '@fieldguide/clock';
import type pg from 'pg';
import { BoundedClient, limits } from './bounded-client.ts';

/**
 * Sends hints that there is work, so that no loop polls fast. A hint may be lost: a waiting loop also needs a timeout.
 */
export abstract class Notifier {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
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

  protected wake(channel: string): void {
    this.#emitter.emit(channel);
  }
}

/** Sends hints within this process only. */
export class MemoryNotifier extends Notifier {}

const CHANNEL = 'fieldguide';
const PAUSE_MS = 5;
const ANSWER_WITHIN_MS = 2_000;

/**
 * Sends hints to all instances of a service through LISTEN and NOTIFY, on a connection of its own, at most one NOTIFY every
 * few milliseconds. NOTIFY takes a global lock at commit: in the writers' transactions it would halve their throughput
 * (measured; see docs/adr).
 */
export class PostgresNotifier extends Notifier {
  readonly #url: string;
  #client: pg.Client | undefined;
  #pending = new Set<string>();
  #isPausing = false;
  #closed = false;

  constructor(clock: Clock, url: string) {
    super(clock);
    this.#url = url;
  }

  /** Connects, and reconnects after a loss; without a connection, hints stay within the process. */
  async open(): Promise<this> {
    if (this.#closed) return this;
    const client = new BoundedClient({
      ...limits,
      connectionString: this.#url,
      application_name: 'notifier',
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
    });
    const lost = () => {
      this.#client = undefined;
      if (!this.#closed) setTimeout(() => void this.open(), 1_000).unref();
    };
    client.on('error', () => undefined); // `end` follows, which reconnects
    client.once('end', lost);
    client.on('notification', ({ payload }) => {
      for (const channel of payload?.split(',') ?? []) this.wake(channel);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#client = client;
      if (this.#closed) await client.end();
    } catch {
      await client.end().catch(() => undefined);
    }
    return this;
  }

  /** Sends the first hint immediately; batches further ones, a few milliseconds after the last NOTIFY. */
  override notify(channel: string): void {
    super.notify(channel);
    this.#pending.add(channel);
    if (this.#isPausing) return;
    this.#isPausing = true;
    setImmediate(() => void this.#flush());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }

  async #flush(): Promise<void> {
    const channels = [...this.#pending].join(',');
    this.#pending = new Set();
    if (channels === '') {
      this.#isPausing = false;
      return;
    }
    await this.#client
      ?.query('SELECT pg_notify($1, $2)', [CHANNEL, channels])
      .catch(() => undefined);
    setTimeout(() => void this.#flush(), PAUSE_MS);
  }
}
