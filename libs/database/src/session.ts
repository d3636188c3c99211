import type { Socket } from 'node:net';
import type { PoolClient, QueryResult } from 'pg';

/** The names under which connections prepare statements, by text: few, because no text is built from input. */
const names = new Map<string, string>();

const ignore = (): void => undefined;

/**
 * A connection of the pool, for one transaction. Statements are sent immediately, those of one turn of the event loop with one
 * write, and answered in their order. One with parameters is prepared once for each connection.
 */
export class Session {
  readonly #client: PoolClient;
  #isCorked = false;
  #isBroken = false;

  constructor(client: PoolClient) {
    this.#client = client;
    // Its statements are rejected; without a listener the error would end the process.
    client.on('error', ignore);
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
    this.#client.off('error', ignore);
    this.#client.release(this.#isBroken);
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
