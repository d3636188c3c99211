import pg from 'pg';

/**
 * Lets a PostgreSQL that was started for tests leave what it writes to the operating system: tests end its processes,
 * never the machine.
 */
export async function withoutFsync(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('ALTER SYSTEM SET fsync = off');
    await client.query('SELECT pg_reload_conf()');
  } finally {
    await client.end();
  }
}
