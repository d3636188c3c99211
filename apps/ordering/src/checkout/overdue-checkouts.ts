import { Database } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  type WorkerContext,
  watchCount,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';

const checkoutsOverdue = metrics.gauge(
  'checkouts_overdue',
  'Open checkouts that are listed as overdue: a person has to resolve them',
);

/** Counts overdue checkouts for the metric `checkouts_overdue`. */
@Injectable()
export class OverdueWatch extends BackgroundWorker {
  constructor(private readonly database: Database) {
    super();
  }

  override start(context: WorkerContext): BackgroundLoop {
    const set = (count: number) => checkoutsOverdue.set(count);
    return watchCount('overdue-checkouts', () => countOverdue(this.database), context, set);
  }
}

export async function countOverdue(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM open_checkouts WHERE overdue_since IS NOT NULL',
  );
  return row!.count;
}
