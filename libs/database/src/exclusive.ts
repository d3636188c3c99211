import type pg from 'pg';
import { BoundedClient } from './bounded-client.ts';

/** Something that one process at a time does to a database, as its owner: migrate, rebuild. */
export interface Exclusive {
  /** False when the connection behind it was lost: another may have begun. */
  readonly isHeld: boolean;
  release(): Promise<void>;
}

/**
 * An advisory lock on a connection of its own; it goes with the process. It is tried, not waited for: a waiting statement
 * has a snapshot, which CREATE INDEX CONCURRENTLY of the holder would wait for. For one-off tasks only: what runs
 * for long in several instances has a lease.
 * @returns undefined while another process has it
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
