import type pg from 'pg';
import { BoundedClient } from './bounded-client.ts';

/** A lock for work that one process at a time does on a database, as its owner: migrate, rebuild. */
export interface Exclusive {
  /** False when its connection was lost: another process may have the lock. */
  readonly isHeld: boolean;
  release(): Promise<void>;
}

/**
 * Tries to take an advisory lock on a connection of its own, which ends with the process. Does not wait: a waiting
 * statement has a snapshot, and CREATE INDEX CONCURRENTLY of the holder would wait for that. For one-off tasks only:
 * long-running work in several instances uses a lease.
 * @returns undefined while another process has the lock
 */
export async function tryExclusive(
  settings: pg.ClientConfig,
  name: string,
): Promise<Exclusive | undefined> {
  const client = new BoundedClient({ ...settings, application_name: name });
  let isHeld = true;
  client.on('error', () => undefined); // `end` follows
  client.once('end', () => {
    isHeld = false;
  });
  try {
    await client.connect();
    const sql = "SELECT pg_try_advisory_lock(hashtext('fieldguide'), hashtext($1)) AS ours";
    const { rows } = await client.query<{ ours: boolean }>(sql, [name]);
    if (rows[0]?.ours) {
      return {
        get isHeld() {
          return isHeld;
        },
        release: () => client.end(),
      };
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end();
  return undefined;
}
