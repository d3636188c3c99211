import { Clock } from '@fieldguide/clock';
import { Config, ConfigModule, live } from '@fieldguide/config';
import { Database, UnitOfWorkRunner, type Versioned } from '@fieldguide/database';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startLeasedWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { type DynamicModule, Module } from '@nestjs/common';
import { z } from 'zod';
import type { DomainEvent } from './decider.ts';
import { EventStore } from './event-store.ts';
import type { AnyProjection } from './projection.ts';
import { ProjectionRunner } from './projection-runner.ts';
import { rebuild } from './rebuild.ts';
import { RebuildableProjection, RebuildTask } from './rebuild-task.ts';

class ProjectionsConfig extends Config(
  z.object({
    /** Delays projections on purpose, for lessons and tests of stale reads. */
    VIEW_DELAY_MS: live(z.coerce.number().int().min(0).max(60_000).default(0)),
  }),
) {}

/** The channel that is notified when a projection has advanced. */
export const projectionAdvanced = (name: string): string => `view:${name}`;

/** What all projections of a service share. */
@Module({
  imports: [ConfigModule.forFeature(ProjectionsConfig)],
  providers: [RebuildTask],
})
class ProjectionTasksModule {}

/** Keeps a projection up to date, on one instance at a time, and adds the task `rebuild`. Needs EventStoreModule. */
@Module({})
export class ProjectionsModule {
  static forFeature<Row extends Versioned, Event extends DomainEvent, First extends Event>(
    projection: AnyProjection<Row, Event, First>,
  ): DynamicModule {
    const worker = {
      provide: Symbol(`projection:${projection.name}`),
      inject: [EventStore, UnitOfWorkRunner, Clock, ProjectionsConfig],
      useFactory: (
        events: EventStore,
        units: UnitOfWorkRunner,
        clock: Clock,
        config: ProjectionsConfig,
      ) => new ProjectionWorker(projection, events, units, clock, config),
    };
    const rebuilding = {
      provide: Symbol(`rebuild:${projection.name}`),
      inject: [EventStore, Database],
      useFactory: (events: EventStore, database: Database) =>
        new RebuildableProjection(projection.name, () => rebuild(projection, events, database)),
    };
    return {
      module: ProjectionsModule,
      imports: [ProjectionTasksModule],
      providers: [worker, rebuilding],
    };
  }
}

/** How often a projection that is delayed on purpose looks for events. */
const DELAYED_LOOK_MS = 50;

class ProjectionWorker<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event,
> extends BackgroundWorker {
  constructor(
    private readonly projection: AnyProjection<Row, Event, First>,
    private readonly events: EventStore,
    private readonly units: UnitOfWorkRunner,
    private readonly clock: Clock,
    private readonly config: ProjectionsConfig,
  ) {
    super();
  }

  override start({ leases, ...loop }: WorkerContext): BackgroundLoop {
    const { name } = this.projection;
    const settings = { ...loop, name: `projection:${name}`, channel: 'feed' };
    const runner = new ProjectionRunner(this.projection, this.events, this.units);
    return startLeasedWorker(settings, leases, async (lease) => {
      const { VIEW_DELAY_MS } = this.config;
      const until = VIEW_DELAY_MS > 0 ? { until: this.clock.fromNow(-VIEW_DELAY_MS) } : {};
      const { events, isFull } = await runner.next({ lease, ...until });
      if (events > 0) loop.notifier.notify(projectionAdvanced(name));
      if (isFull || VIEW_DELAY_MS === 0) return isFull;
      return DELAYED_LOOK_MS; // no hint comes when an event is old enough
    });
  }
}
