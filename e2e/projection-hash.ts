import { createHash } from 'node:crypto';
import { type RecordedEvent } from '@fieldguide/event-store';
import { Formats } from '@fieldguide/event-store/parts';
import { rowAfter, rowsAfter } from '@fieldguide/event-store/testing';
import {
  OrderSummary,
  orderSummary,
  orderUpcasters,
  Sales,
  sales,
} from '@fieldguide/simulation/order-log';
import { query } from './shop.ts';

interface StoredEvent extends Omit<RecordedEvent, 'correlationId'> {
  readonly metadata: object;
}

const projections = {
  orders: {
    stored: async () => (await stored('order_summary', OrderSummary)).map(withVersion),
    folded: (events: readonly RecordedEvent[]) => {
      const streams = Map.groupBy(events, ({ stream }) => stream);
      return [...streams.values()].map((each) => withVersion(rowAfter(orderSummary, each)));
    },
  },
  sales: {
    stored: async () => (await stored('sales', Sales)).map((row) => row.toPublic()),
    folded: (events: readonly RecordedEvent[]) =>
      rowsAfter(sales, events).map((row) => row.toPublic()),
  },
};

/** Hashes the rows of all projections: as stored in their tables, or folded from the whole event log. */
export async function projectionHash(from: 'projection' | 'log'): Promise<string> {
  const events = from === 'log' ? await log() : [];
  const hash = createHash('sha256');
  for (const { stored: read, folded } of Object.values(projections)) {
    const rows: readonly object[] = from === 'log' ? folded(events) : await read();
    const text = rows.map((row) => JSON.stringify(row, sortKeys));
    hash.update(text.toSorted().join('\n'));
  }
  return hash.digest('hex');
}

const withVersion = (row: OrderSummary) => ({ ...row.toPublic(), at: row.streamVersion });

async function stored<Row extends object>(table: string, entity: new () => Row): Promise<Row[]> {
  const rows = await query<Record<string, unknown>>('ordering', `SELECT * FROM ${table}`);
  return rows.map((row) =>
    Object.assign(
      new entity(),
      Object.fromEntries(Object.entries(row).map(([column, value]) => [camelCase(column), value])),
    ),
  );
}

/** Reads the log in its order: a product's name is that of the last sale. */
async function log(): Promise<RecordedEvent[]> {
  const sql = `SELECT id, stream, version, type, data, metadata, time
    FROM feed JOIN events USING (stream, version) ORDER BY position`;
  const events = (await query<StoredEvent>('ordering', sql)) as unknown as RecordedEvent[];
  const formats = new Formats(orderUpcasters);
  return events.map((event) => formats.upcast(event));
}

function camelCase(column: string): string {
  return column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Sorts object keys: PostgreSQL's `jsonb` does not keep their order. */
function sortKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
