import type { Clock } from '@fieldguide/clock';
import { Notifier } from '@fieldguide/workers';
import type pg from 'pg';
import { BoundedClient, limits } from './bounded-client.ts';

const CHANNEL = 'fieldguide';
/** Written to every instance when one opens: from then on it listens. */
const OPENED = 'notifier:opened';
const PAUSE_MS = 25;
const ANSWER_WITHIN_MS = 2_000;
const APPLICATION = 'notifier';
const SEND = `SELECT pg_notify($1, $2), (
    SELECT count(*) > 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = $3
  ) AS "hasPeers"`;

/**
 * Sends hints to all instances of a service through LISTEN and NOTIFY, on a connection of its own, at most one NOTIFY every
 * 25 ms, and none while this instance is the only one. NOTIFY takes a global lock at commit: in the writers' transactions it
 * would halve their throughput (measured; see docs/adr).
 */
export class PostgresNotifier extends Notifier {
  readonly #url: string;
  #client: pg.Client | undefined;
  #pending = new Set<string>();
  #isPausing = false;
  /** Whether another instance listened when the last hints were sent; each one that opens reports it. */
  #hasPeers = true;
  #closed = false;

  constructor(clock: Clock, url: string) {
    super(clock);
    this.#url = url;
  }

  /** Connects, and reconnects after a loss. */
  async open(): Promise<this> {
    if (this.#closed) return this;
    const client = new BoundedClient({
      ...limits,
      connectionString: this.#url,
      application_name: APPLICATION,
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
      this.#hasPeers = true;
      this.#schedule();
      for (const channel of payload?.split(',') ?? []) this.wake(channel);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#client = client;
      this.#hasPeers = true;
      this.notify(OPENED);
      if (this.#closed) await client.end();
    } catch {
      await client.end().catch(() => undefined);
    }
    return this;
  }

  /**
   * Sends the first hint immediately; batches further ones, 25 ms after the last NOTIFY. While nothing can be sent, each
   * channel is kept once: an instance that opens gets its hint then.
   */
  override notify(channel: string): void {
    super.notify(channel);
    this.#pending.add(channel);
    this.#schedule();
  }

  /** Sends what is pending first: another instance may wait for a lease that this one has just released. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#send();
    await this.#client?.end();
  }

  get #hasListeners(): boolean {
    return this.#client !== undefined && this.#hasPeers;
  }

  #schedule(): void {
    if (this.#isPausing || !this.#hasListeners) return;
    this.#isPausing = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    if (this.#pending.size === 0 || !this.#hasListeners) {
      this.#isPausing = false;
      return;
    }
    await this.#send();
    setTimeout(() => void this.#flush(), PAUSE_MS);
  }

  async #send(): Promise<void> {
    if (this.#pending.size === 0 || !this.#client) return;
    const channels = [...this.#pending].join(',');
    this.#pending = new Set();
    this.#hasPeers = false; // unless one opens meanwhile
    const sent = this.#client.query<{ hasPeers: boolean }>(SEND, [CHANNEL, channels, APPLICATION]);
    const answer = await sent.catch(() => undefined);
    this.#hasPeers ||= answer?.rows[0]?.hasPeers ?? true;
  }
}
