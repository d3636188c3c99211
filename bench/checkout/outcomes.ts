import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '@fieldguide/contracts/payment-provider';
import type { Placed } from './load.ts';
import type { Shop } from './shop.ts';

const DRAIN_MS = 180_000;
const ends = {
  OrderCompleted: 'completed',
  OrderRejected: 'rejected',
  OrderCancelled: 'cancelled',
};

export interface Sample {
  readonly second: number;
  readonly open: number;
}
export interface Outcome {
  /** Unix time in ms of `OrderCompleted`, by order. */
  readonly completedAtMs: ReadonlyMap<string, number>;
  /** Acknowledged orders by end, with the reason of a rejection. */
  readonly ends: Readonly<Record<string, number>>;
}

/** Counts the checkouts that are not ended. */
export async function countOpen(shop: Shop): Promise<number> {
  const sql = 'SELECT count(*)::int AS open FROM open_checkouts';
  return (await shop.query<{ open: number }>('ordering', sql))[0]!.open;
}

/** Samples the open checkouts every second until `over`. */
export async function watchOpen(
  shop: Shop,
  over: Promise<unknown>,
  report: (sample: Sample) => void,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  let isOver = false;
  const ended = over.finally(() => (isOver = true)).catch(() => undefined);
  const startMs = performance.now();
  for (let second = 0; !isOver; second++) {
    const sample = { second, open: await countOpen(shop) };
    samples.push(sample);
    report(sample);
    await Promise.race([ended, sleep(startMs + (second + 1) * 1_000 - performance.now())]);
  }
  return samples;
}

/**
 * Waits until no checkout is open, no unit is reserved and no message waits to be sent.
 * @throws Error when that takes too long
 */
export async function drained(shop: Shop, signal: AbortSignal, report: (open: number) => void) {
  const end = performance.now() + DRAIN_MS;
  for (;;) {
    signal.throwIfAborted();
    const open = await countOpen(shop);
    report(open);
    if (open === 0 && (await countWaiting(shop)) === 0) return;
    if (performance.now() > end) throw new Error(`${open} checkouts are open after ${DRAIN_MS} ms`);
    await sleep(250);
  }
}

async function countWaiting(shop: Shop): Promise<number> {
  let waiting = 0;
  for (const service of ['ordering', 'inventory', 'payments', 'shipping'])
    waiting += (await one<{ n: number }>(shop, service, 'SELECT count(*)::int AS n FROM outbox')).n;
  const reserved = 'SELECT sum(reserved_units)::int AS n FROM stock';
  return waiting + (await one<{ n: number }>(shop, 'inventory', reserved)).n;
}

/**
 * Reads how the orders ended from the events of ordering.
 * @throws Error when an acknowledged order did not end
 */
export async function readOutcome(shop: Shop, placed: readonly Placed[]): Promise<Outcome> {
  const rows = await shop.query<{ id: string; type: keyof typeof ends; ms: number; why: string }>(
    'ordering',
    `SELECT data->>'orderId' AS id, type, data->>'reason' AS why,
       (extract(epoch FROM time) * 1000)::float8 AS ms
     FROM events WHERE type = ANY($1)`,
    [Object.keys(ends)],
  );
  const ended = new Map(rows.map((row) => [row.id, row]));
  const counts: Record<string, number> = {};
  const completedAtMs = new Map<string, number>();
  for (const { id } of placed) {
    const row = ended.get(id);
    if (!row) throw new Error(`The acknowledged order ${id} did not end`);
    const end = `${ends[row.type]}${row.why ? `: ${row.why}` : ''}`;
    counts[end] = (counts[end] ?? 0) + 1;
    if (row.type === 'OrderCompleted') completedAtMs.set(id, row.ms);
  }
  return { completedAtMs, ends: counts };
}

/** @throws Error when money or stock is wrong, or a message is in a dead letter queue */
export async function assertInvariants(shop: Shop): Promise<void> {
  const captures = (await ledger(shop)).filter(
    ({ kind, outcome }) => kind === 'capture' && outcome === 'approved',
  );
  equal(
    'captures per payment',
    captures.length,
    new Set(captures.map((each) => each.paymentId)).size,
  );
  const sold = await one<{ minor: number; units: number }>(
    shop,
    'ordering',
    `SELECT coalesce(sum((total->>'amountMinor')::bigint), 0)::float8 AS minor,
       coalesce(sum((SELECT sum((line->>'quantity')::int) FROM jsonb_array_elements(lines) line)), 0)::int AS units
     FROM order_summary WHERE status = 'completed'`,
  );
  const captured = captures.reduce((sum, { amount }) => sum + amount.amountMinor, 0);
  equal('captured and sold money', captured, sold.minor);
  const shipped = `SELECT coalesce(sum((line->>'quantity')::int), 0)::int AS units
    FROM reservations, jsonb_array_elements(lines) AS line WHERE status = 'shipped'`;
  equal(
    'shipped and sold units',
    (await one<{ units: number }>(shop, 'inventory', shipped)).units,
    sold.units,
  );
  const parked = 'SELECT count(*)::int AS n FROM dead_letters WHERE NOT redriven';
  for (const service of ['ordering', 'inventory', 'payments', 'shipping'])
    equal(`dead letters of ${service}`, (await one<{ n: number }>(shop, service, parked)).n, 0);
}

function equal(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`Invariant failed: ${what}: ${found}, not ${wanted}`);
}

async function one<Row extends object>(shop: Shop, service: string, sql: string): Promise<Row> {
  return (await shop.query<Row>(service, sql))[0]!;
}

async function ledger({ state }: Shop): Promise<readonly Operation[]> {
  const all: Operation[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const response = await fetch(`${state.providerUrl}/ledger?limit=1000&cursor=${cursor}`);
    const page = (await response.json()) as { operations: Operation[]; nextCursor: string | null };
    all.push(...page.operations);
    cursor = page.nextCursor;
  }
  return all;
}
