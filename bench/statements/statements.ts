// Counts the SQL statements of one order alone, from POST /orders until its last message is handled, over the databases
// of all services: `npm start`, then `npm run bench:statements [orders]`. What an idle system polls is subtracted.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';
import pg from 'pg';

const [orders = '5'] = process.argv.slice(2);
const ORDER_MS = 10_000; // a completed order, and the last of its messages
const IDLE_MS = 20_000;
const TOP = 45;
const body = {
  lines: [{ productId: '01900000-0000-7000-8000-000000000001', quantity: 1 }],
  payment: { token: 'tok_ok' },
  shipTo: { name: 'Ada', street: '1 Main St', city: 'Bern', postalCode: '3000', country: 'CH' },
};

/** Calls by service and statement. */
type Calls = ReadonlyMap<string, number>;

const { backing, gatewayUrl } = readState(new Environment('local')) ?? {};
if (!backing?.['postgres'] || !gatewayUrl) throw new Error('No system runs. Try: npm start');
const admin = new pg.Client({ connectionString: backing['postgres'] });
await admin.connect();
try {
  await requireStatistics();
  const token = await signIn();
  await order(token); // fills caches and pools
  const idle = await count(IDLE_MS, async () => undefined);
  const placed = await count(ORDER_MS * Number(orders), async () => {
    for (let n = 0; n < Number(orders); n++) await order(token);
  });
  report(idle, placed);
} finally {
  await admin.end();
}

/** @throws Error with what to do: the library can only be loaded when the server starts */
async function requireStatistics(): Promise<void> {
  const { rows } = await admin.query('SHOW shared_preload_libraries');
  if (!rows[0].shared_preload_libraries.includes('pg_stat_statements')) {
    await admin.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    throw new Error(
      'PostgreSQL counts statements from its next start. Try: npm run stop; npm start',
    );
  }
  await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
}

async function signIn(): Promise<string> {
  const account = { email: `${randomUUID()}@example.com`, password: 'correct horse' };
  await post('/auth/registrations', { ...account, name: 'Ada' });
  const { email, password } = account;
  const signedIn = await post('/auth/tokens', { grantType: 'password', email, password });
  return signedIn.accessToken;
}

/** Takes `ORDER_MS`, also when the order is completed earlier. */
async function order(token: string): Promise<void> {
  const over = sleep(ORDER_MS);
  const { id } = await post('/orders', body, {
    authorization: `Bearer ${token}`,
    'idempotency-key': randomUUID(),
  });
  await over;
  const response = await fetch(`${gatewayUrl}/orders/${id}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { status } = (await response.json()) as { status: string };
  if (status !== 'completed') throw new Error(`The order is ${status} after ${ORDER_MS} ms`);
}

async function post(path: string, data: object, headers: Record<string, string> = {}) {
  const response = await fetch(gatewayUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(data),
  });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { id: string; accessToken: string };
}

/** Counts the statements of the services while `work` runs, for at least `ms`. */
async function count(ms: number, work: () => Promise<void>): Promise<Calls> {
  await admin.query('SELECT pg_stat_statements_reset()');
  await Promise.all([work(), sleep(ms)]);
  const { rows } = await admin.query<{ what: string; calls: number }>(
    `SELECT datname || ' | ' || regexp_replace(left(query, 200), '\\s+', ' ', 'g') AS what, sum(calls)::int AS calls
     FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
     WHERE s.userid <> current_user::regrole GROUP BY 1`,
  );
  return new Map(rows.map(({ what, calls }) => [what, calls]));
}

function report(idle: Calls, placed: Calls): void {
  const n = Number(orders);
  const ofOne = [...placed]
    .map(([what, calls]) => ({
      what,
      calls: calls / n - ((idle.get(what) ?? 0) * ORDER_MS) / IDLE_MS,
    }))
    .toSorted((a, b) => b.calls - a.calls);
  const services = new Map<string, number>();
  for (const { what, calls } of ofOne) {
    const service = what.split(' | ')[0]!;
    services.set(service, (services.get(service) ?? 0) + calls);
  }
  console.log(`| database | statements of one order, mean of ${n} |\n|---|---|`);
  for (const [service, calls] of services) console.log(`| ${service} | ${calls.toFixed(1)} |`);
  const all = ofOne.reduce((sum, { calls }) => sum + calls, 0);
  console.log(`| all | ${all.toFixed(1)} |\n`);
  for (const { what, calls } of ofOne.slice(0, TOP)) console.log(`${calls.toFixed(1)}\t${what}`);
}
