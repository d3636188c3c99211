import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import { type BackgroundLoop, BackgroundWorker, type WorkerContext } from '@fieldguide/workers';
import { Injectable, Optional } from '@nestjs/common';
import { Messaging } from './messaging.ts';
import { type CurrentState, outboxReader, startRelay } from './relay.ts';

/** What a service that publishes to compacted topics provides. */
export abstract class CompactedTopics {
  /** Republishes the current state of a key, for each compacted topic. */
  abstract readonly current: CurrentState;
}

/** Publishes the outbox, on one instance at a time. */
@Injectable()
export class OutboxRelay extends BackgroundWorker {
  constructor(
    private readonly database: Database,
    private readonly units: UnitOfWorkRunner,
    private readonly messaging: Messaging,
    @Optional() private readonly compacted?: CompactedTopics,
  ) {
    super();
  }

  override start({ leases, ...loop }: WorkerContext): BackgroundLoop {
    const { units, compacted } = this;
    const source = outboxReader(this.database, compacted && { units, current: compacted.current });
    return startRelay(source, this.messaging, leases, loop);
  }
}
