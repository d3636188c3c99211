import { Database } from '@fieldguide/database';
import { Health, metrics } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  type Backlog,
  together,
  type WorkerContext,
  watchBacklog,
  watchCount,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { outboxBacklog } from './backlog.ts';
import { countWaiting } from './waiting-dead-letters.ts';

/** Watches outbox and dead letters on every instance, so that a backlog is visible also while no worker runs. */
@Injectable()
export class MessageWatch extends BackgroundWorker {
  override readonly runsIn = 'every';

  constructor(
    private readonly database: Database,
    private readonly health: Health,
  ) {
    super();
  }

  override start(context: WorkerContext, everyMs?: number): BackgroundLoop {
    const loop = { ...context, health: this.health, ...(everyMs && { everyMs }) };
    const setOutbox = ({ count, oldestSeconds }: Backlog) => {
      metrics.outboxMessages.set(count);
      metrics.outboxOldestAgeSeconds.set(oldestSeconds);
    };
    return together(
      watchBacklog('outbox', () => outboxBacklog(this.database), loop, setOutbox),
      watchCount(
        'dead-letters',
        () => countWaiting(this.database),
        loop,
        (count) => metrics.deadLettersWaiting.set(count),
      ),
    );
  }
}
