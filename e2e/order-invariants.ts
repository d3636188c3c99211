import { expect } from 'vitest';
import { ledger, query } from './shop.ts';

const FINAL = "('completed', 'rejected', 'cancelled')";

/** Returns the number of unfinished orders plus reserved units: 0 when all work is done. */
export async function countInProgress(): Promise<number> {
  const [orders] = await query<{ count: number }>(
    'ordering',
    `SELECT count(*)::int AS count FROM order_summary WHERE status NOT IN ${FINAL}`,
  );
  return orders!.count + (await reservedUnits());
}

export async function reservedUnits(): Promise<number> {
  const [row] = await query<{ units: number }>(
    'inventory',
    'SELECT sum(reserved_units)::int AS units FROM stock',
  );
  return row!.units;
}

export async function unitsOnHand(): Promise<number> {
  const [row] = await query<{ units: number }>(
    'inventory',
    'SELECT sum(on_hand_units)::int AS units FROM stock',
  );
  return row!.units;
}

export async function unitsShipped(): Promise<number> {
  const [row] = await query<{ units: number | null }>(
    'inventory',
    `SELECT sum((line->>'quantity')::int)::int AS units
     FROM reservations, jsonb_array_elements(lines) AS line WHERE status = 'shipped'`,
  );
  return row!.units ?? 0;
}

/** Returns the units in a customer's completed orders. */
export async function unitsSold(customerId: string): Promise<number> {
  const [row] = await query<{ units: number | null }>(
    'ordering',
    `SELECT sum((line->>'quantity')::int)::int AS units FROM order_summary, jsonb_array_elements(lines) AS line
     WHERE status = 'completed' AND customer_id = $1`,
    [customerId],
  );
  return row!.units ?? 0;
}

/** Expects at most one capture per payment, and a captured sum equal to the total of all completed orders. */
export async function expectMoneyToBalance(): Promise<void> {
  const captures = (await ledger()).filter(({ kind }) => kind === 'capture');
  expect(new Set(captures.map(({ paymentId }) => paymentId)).size).toBe(captures.length);
  const captured = captures.reduce((sum, { amount }) => sum + amount.amountMinor, 0);
  const [completed] = await query<{ minor: number }>(
    'ordering',
    `SELECT coalesce(sum((total->>'amountMinor')::bigint), 0)::float8 AS minor
     FROM order_summary WHERE status = 'completed'`,
  );
  expect(captured).toBe(completed!.minor);
}
