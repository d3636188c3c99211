import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { Formats, type RecordedEvent } from '@fieldguide/event-store';
import { rowAfter } from '@fieldguide/event-store/testing';
import { orderUpcasters } from '../apps/ordering/src/order/order.upcasters.ts';
import { OrderSummary } from '../apps/ordering/src/order-summary/order-summary.entity.ts';
import { orderSummary } from '../apps/ordering/src/order-summary/order-summary.projection.ts';
import { query } from './shop.ts';

interface Stored extends Omit<RecordedEvent, 'correlationId'> {
  readonly metadata: object;
}

/** A hash over every order's row: as the view has it, or folded anew from the whole log. */
export async function viewHash(from: 'view' | 'log'): Promise<string> {
  const rows = from === 'view' ? await stored() : await folded();
  const text = rows.map((row) =>
    JSON.stringify({ ...row.toPublic(), at: row.streamVersion }, inOrder),
  );
  return createHash('sha256').update(text.toSorted().join('\n')).digest('hex');
}

async function stored(): Promise<OrderSummary[]> {
  const rows = await query<Record<string, unknown>>('ordering', 'SELECT * FROM order_summary');
  return rows.map((row) =>
    Object.assign(
      new OrderSummary(),
      Object.fromEntries(Object.entries(row).map(([column, value]) => [camel(column), value])),
    ),
  );
}

async function folded(): Promise<OrderSummary[]> {
  const sql =
    'SELECT id, stream, version, type, data, metadata, time FROM events ORDER BY stream, version';
  const events = (await query<Stored>('ordering', sql)) as unknown as RecordedEvent[];
  const formats = new Formats(orderUpcasters);
  const streams = Map.groupBy(
    events.map((event) => formats.upcast(event)),
    ({ stream }) => stream,
  );
  return [...streams.values()].map((each) => rowAfter(orderSummary, each));
}

function camel(column: string): string {
  return column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** PostgreSQL keeps the fields of a JSON object in an order of its own. */
function inOrder(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
