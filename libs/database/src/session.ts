import type { Socket } from 'node:net';
import type { PoolClient, QueryResult } from 'pg';

/** The names under which connections prepare statements, by text: few, because no text is built from input. */
const names = new Map<string, string>();

/**
 * A connection of the pool, for one transaction. Statements are sent immediately, those of one turn of the event loop with one
 * write, and answered in their order. One with parameters is prepared once for each connection.
 */
export class Session {
  readonly #client: PoolClient;
  #isCorked = false;
  #isBroken = false;
  #isReleased = false;
  // The server has ended the connection, maybe because the work takes too long: the pool replaces it now, not when the work
  // ends. Its statements are rejected.
  readonly #replace = (): void => {
    this.destroy();
    this.release();
  };

  constructor(client: PoolClient) {
    this.#client = client;
    client.on('error', this.#replace);
  }

  /** @throws the database's error (with `code`), or the reason why the connection was lost */
  query(text: string, values?: readonly unknown[]): Promise<QueryResult> {
    this.#corkUntilNextTurn();
    if (!values) return this.#client.query(text);
    return this.#client.query({ name: nameOf(text), text, values: [...values] });
  }

  /** Closes the connection instead of returning it. */
  destroy(): void {
    this.#isBroken = true;
  }

  /** Returns the connection to the pool. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#client.release(this.#isBroken);
    if (!this.#isBroken) this.#client.off('error', this.#replace);
  }

  #corkUntilNextTurn(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const { stream } = (this.#client as unknown as { connection: { stream: Socket } }).connection;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }
}

function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size + 1}`;
  names.set(text, name);
  return name;
}
