import type { Clock } from '@fieldguide/clock';
import { Notifier } from '@fieldguide/workers';
import type pg from 'pg';
import { BoundedClient, limits } from './bounded-client.ts';

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
    client.on('notification', ({ payload, processId }) => {
      if (processId === (client as unknown as { processID: number }).processID) return; // woken already
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

  /** Sends what is pending first: another instance may wait for a lease that this one has just released. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#send();
    await this.#client?.end();
  }

  async #flush(): Promise<void> {
    if (this.#pending.size === 0) {
      this.#isPausing = false;
      return;
    }
    await this.#send();
    setTimeout(() => void this.#flush(), PAUSE_MS);
  }

  async #send(): Promise<void> {
    if (this.#pending.size === 0) return;
    const channels = [...this.#pending].join(',');
    this.#pending = new Set();
    await this.#client
      ?.query('SELECT pg_notify($1, $2)', [CHANNEL, channels])
      .catch(() => undefined);
  }
}
