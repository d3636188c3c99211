import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freshDatabase } from '../../event-store/databases.ts';
import { locate, runPgbench } from '../../pgbench.ts';
import { inbox, outbox, steps, TABLES } from './steps.ts';

const CLIENTS = 16;

/**
 * Runs the least SQL of an order with pgbench, PostgreSQL's client in C: what the naive shop writes, each message in
 * one statement that is its own transaction. It deletes nothing from the outbox, and there is no broker.
 * @returns orders a second; undefined when pgbench is not installed
 */
export async function floor(postgresUrl: string, seconds: number): Promise<number | undefined> {
  const pgbench = locate('pgbench');
  if (!pgbench) return undefined;
  const url = await freshDatabase(postgresUrl, 'naive_floor');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(TABLES);
  await client.end();
  const folder = mkdtempSync(join(tmpdir(), 'pgbench-'));
  const script = join(folder, 'order.sql');
  try {
    writeFileSync(script, scriptText());
    return await runPgbench(pgbench, url, script, { clients: CLIENTS, seconds });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Values are inlined: pgbench's variables are numbers. */
function scriptText(): string {
  const order = "md5(:n::text || '-' || :client_id::text)::uuid";
  const product = "('01900000-0000-7000-8000-0000000000' || to_char(:p::int, 'FM00'))::uuid";
  const values: Readonly<Record<string, string>> = {
    order,
    product,
    message: 'gen_random_uuid()',
    topic: "'naive.ordering'",
    envelope: `jsonb_build_object('id', gen_random_uuid(), 'step', 1, 'time', now(), 'order', ${order}, 'product', ${product})`,
  };
  const lines = steps.map(([service, ...sql], step) => {
    const all = [...(step > 0 ? [inbox(service)] : []), ...sql];
    if (step < steps.length - 1) all.push(outbox(service));
    const parts = all.slice(0, -1).map((each, n) => `part${n} AS (${each})`);
    const text = `WITH ${parts.join(', ')} ${all.at(-1)};`.replaceAll(/\s+/g, ' ');
    return text.replaceAll(/:(\w+)/g, (_, name: string) => values[name]!);
  });
  return ['\\set n random(1, 1000000000000)', '\\set p random(1, 9)', ...lines, ''].join('\n');
}
