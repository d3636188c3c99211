import { createHash } from 'node:crypto';
import { type RecordedEvent } from '@fieldguide/event-store';
import { Formats } from '@fieldguide/event-store/parts';
import { rowAfter } from '@fieldguide/event-store/testing';
import { OrderSummary, orderSummary, orderUpcasters } from '@fieldguide/simulation/order-log';
import { query } from './shop.ts';

interface StoredEvent extends Omit<RecordedEvent, 'correlationId'> {
  readonly metadata: object;
}

/** Hashes every order's row: as stored in the projection table, or folded from the whole event log. */
export async function projectionHash(from: 'projection' | 'log'): Promise<string> {
  const rows = from === 'projection' ? await projectedRows() : await foldedRows();
  const text = rows.map((row) =>
    JSON.stringify({ ...row.toPublic(), at: row.streamVersion }, sortKeys),
  );
  return createHash('sha256').update(text.toSorted().join('\n')).digest('hex');
}

async function projectedRows(): Promise<OrderSummary[]> {
  const rows = await query<Record<string, unknown>>('ordering', 'SELECT * FROM order_summary');
  return rows.map((row) =>
    Object.assign(
      new OrderSummary(),
      Object.fromEntries(Object.entries(row).map(([column, value]) => [camelCase(column), value])),
    ),
  );
}

async function foldedRows(): Promise<OrderSummary[]> {
  const sql =
    'SELECT id, stream, version, type, data, metadata, time FROM events ORDER BY stream, version';
  const events = (await query<StoredEvent>('ordering', sql)) as unknown as RecordedEvent[];
  const formats = new Formats(orderUpcasters);
  const streams = Map.groupBy(
    events.map((event) => formats.upcast(event)),
    ({ stream }) => stream,
  );
  return [...streams.values()].map((each) => rowAfter(orderSummary, each));
}

function camelCase(column: string): string {
  return column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Sorts object keys: PostgreSQL's `jsonb` does not keep their order. */
function sortKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
