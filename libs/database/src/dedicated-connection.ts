import type { Socket } from 'node:net';
import type pg from 'pg';
import { BoundedClient } from './bounded-client.ts';

interface Statement {
  /** The name under which the connection prepares the statement, once. */
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}
/** Returns rows as arrays, which is cheaper than an object for each row. */
type Row = readonly unknown[];

/**
 * A connection outside the pool, for a hot path with prepared statements. Connects at the first use, and again after a
 * loss. With `pipeline`, statements do not wait for each other's results; each is a transaction of its own.
 */
export class DedicatedConnection {
  readonly #settings: pg.ClientConfig;
  #client: Promise<pg.Client> | undefined;
  #isCorked = false;

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings;
  }

  /** @throws the database's error (with `code`), or the reason why the connection was lost */
  async query<Columns extends Row>(statement: Statement): Promise<Columns[]> {
    const client = await this.#connected();
    if (this.#settings.pipeline) this.#corkUntilNextTurn(client);
    return (await client.query<unknown[]>({ ...statement, rowMode: 'array' }))
      .rows as unknown as Columns[];
  }

  /** The id of the server's process, to find out whether it still runs. */
  async processId(): Promise<number> {
    return ((await this.#connected()) as unknown as { processID: number }).processID;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.end();
  }

  /** Sends the statements of one turn of the event loop with one write: each further write would wake the server again. */
  #corkUntilNextTurn(client: pg.Client): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    stream.cork();
    setImmediate(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }

  #connected(): Promise<pg.Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<pg.Client> {
    const client = new BoundedClient(this.#settings);
    const lost = () => {
      this.#client = undefined;
    };
    client.on('error', lost);
    client.once('end', lost);
    try {
      await client.connect();
      return client;
    } catch (error) {
      lost();
      throw error;
    }
  }
}
