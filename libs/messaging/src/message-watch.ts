import { ServiceOptions } from '@fieldguide/config';
import { Database } from '@fieldguide/database';
import { Health, metrics } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  type Backlog,
  together,
  type WorkerContext,
  watchBacklog,
  watchSample,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { outboxBacklog } from './backlog.ts';
import { MessagingStrategy } from './messaging.strategy.ts';
import { countWaiting } from './waiting-dead-letters.ts';

/**
 * Watches outbox and dead letters on every instance, so that a backlog is visible also while no worker runs, and the
 * consumer's lag where messages are handled.
 */
@Injectable()
export class MessageWatch extends BackgroundWorker {
  override readonly runsIn = 'every';

  constructor(
    private readonly database: Database,
    private readonly health: Health,
    private readonly strategy: MessagingStrategy,
    private readonly options: ServiceOptions,
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
      watchSample(
        'dead-letters',
        () => countWaiting(this.database),
        loop,
        (count) => metrics.deadLettersWaiting.set(count),
      ),
      watchSample(
        'consumer-lag',
        () => this.strategy.lag(),
        loop,
        (topics) => {
          for (const each of topics) this.#showLag(each);
        },
      ),
    );
  }

  #showLag({ topic, messages }: { topic: string; messages: number | undefined }): void {
    const labels = {
      messaging_destination_name: topic,
      messaging_consumer_group_name: this.options.name,
    };
    if (messages === undefined) metrics.consumerLag.remove(labels);
    else metrics.consumerLag.set(labels, messages);
  }
}
