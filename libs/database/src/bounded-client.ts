import type { Socket } from 'node:net';
import pg from 'pg';
import { observeQuery } from './query-span.ts';

const TIMED_OUT = 'Query read timeout'; // pg's message; the error has no code
const END_WITHIN_MS = 2_000;

/** The limits of every connection of a service, in milliseconds. */
export const limits = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 10_000,
  // The client's limit, for a server that does not respond at all. Above statement_timeout, so that a server that
  // responds reports its own reason.
  query_timeout: 11_000,
  lock_timeout: 5_000,
  // Shorter than the wait for a lock: a frozen transaction ends before the transactions that wait for it give up.
  idle_in_transaction_session_timeout: 4_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
};
export type Limits = typeof limits;

class Bounded extends pg.Client {
  override query(...request: [never]): never {
    const result = super.query(...request) as unknown; // TypeORM and this library use the promise form only
    if (result instanceof Promise) {
      result.catch((error: Error) => {
        if (error.message === TIMED_OUT) void this.end();
      });
      const [statement] = request as unknown as [string | { readonly text: string }];
      observeQuery(typeof statement === 'string' ? statement : statement.text, this, result);
    }
    return result as never;
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
 * A connection that is destroyed when a query gets no response within `query_timeout`. pg itself leaves such a connection
 * open, waiting for that response: the pool would pass it to the next request, which would wait as long. `end` has a
 * limit, too.
 */
export const BoundedClient = Bounded as unknown as typeof pg.Client;
