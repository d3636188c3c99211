import type { Database } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';

export const checkoutsOverdue = metrics.gauge(
  'checkouts_overdue',
  'Open checkouts that are listed as overdue: a person has to resolve them',
);

export async function countOverdue(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM open_checkouts WHERE overdue_since IS NOT NULL',
  );
  return row!.count;
}
