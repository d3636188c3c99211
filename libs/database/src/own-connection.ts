import pg from 'pg';

interface Statement {
  /** Prepared once for the connection, under this name. */
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/**
 * A connection beside the pool, for a hot path with prepared statements: made at the first use, and again when it was
 * lost. With `pipeline` statements do not wait for each other's answers; each of them is a transaction of its own.
 */
export class OwnConnection {
  readonly #settings: pg.ClientConfig;
  #client: Promise<pg.Client> | undefined;

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings;
  }

  /** @throws what the database says (with `code`), or the reason why the connection was lost */
  async query<Row extends object>(statement: Statement): Promise<Row[]> {
    const client = await this.#connected();
    return (await client.query<Row>(statement)).rows;
  }

  /** The number of the server's process, for looking what became of it. */
  async processId(): Promise<number> {
    return ((await this.#connected()) as unknown as { processID: number }).processID;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.end();
  }

  #connected(): Promise<pg.Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#settings);
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
