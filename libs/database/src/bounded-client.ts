import type { Socket } from 'node:net';
import pg from 'pg';

const TIMED_OUT = 'Query read timeout'; // pg's message; the error has no code
const END_WITHIN_MS = 2_000;

/** The limits that every connection of a service has. Times are milliseconds. */
export const limits = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 10_000,
  // On the client's side, for a server that does not answer at all. Above statement_timeout, so that a server which
  // does answer gives its own reason.
  query_timeout: 11_000,
  lock_timeout: 5_000,
  // Shorter than the wait for a lock: a frozen process is ended before those who wait for it give up.
  idle_in_transaction_session_timeout: 4_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
};
export type Limits = typeof limits;

class Bounded extends pg.Client {
  override query(...request: [never]): never {
    const answer = super.query(...request) as unknown; // TypeORM and this library use the promise form only
    if (answer instanceof Promise)
      answer.catch((error: Error) => {
        if (error.message === TIMED_OUT) void this.end();
      });
    return answer as never;
  }

  // Also called with pg-pool's callback.
  override end(...done: []): Promise<void> {
    const { connection } = this as unknown as { connection: { stream: Socket } };
    const forced = setTimeout(() => connection.stream.destroy(), END_WITHIN_MS).unref();
    this.once('end', () => clearTimeout(forced));
    return super.end(...done);
  }
}

/**
 * A connection that is destroyed when an answer does not come within `query_timeout`. pg itself leaves such a
 * connection open, waiting for that answer: the pool would give it to the next request, which would wait as long.
 * `end` has a limit, too.
 */
export const BoundedClient = Bounded as unknown as typeof pg.Client;
