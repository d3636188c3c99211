import { Database } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  type WorkerContext,
  watchSample,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { type StepName, stepNames } from './checkout.model.ts';

const checkoutsOpen = metrics.gauge(
  'checkouts_open',
  'Open checkouts, by the step that they wait for',
  ['step'],
);
const checkoutsOverdue = metrics.gauge(
  'checkouts_overdue',
  'Open checkouts that are listed as overdue: a person has to resolve them',
);

/** Counts open and overdue checkouts for the metrics. */
@Injectable()
export class CheckoutWatch extends BackgroundWorker {
  constructor(private readonly database: Database) {
    super();
  }

  override start(context: WorkerContext): BackgroundLoop {
    return watchSample(
      'open-checkouts',
      () => countOpen(this.database),
      context,
      (counts) => {
        checkoutsOverdue.set(counts.reduce((sum, { overdue }) => sum + overdue, 0));
        for (const step of stepNames)
          checkoutsOpen.set({ step }, counts.find((each) => each.step === step)?.open ?? 0);
      },
    );
  }
}

interface Count {
  readonly step: StepName;
  readonly open: number;
  readonly overdue: number;
}

/** Counts open checkouts by step; a step without any is absent. */
export function countOpen(database: Database): Promise<Count[]> {
  return database.query(
    `SELECT step, count(*)::int AS open, count(overdue_since)::int AS overdue
     FROM open_checkouts GROUP BY step`,
  );
}
