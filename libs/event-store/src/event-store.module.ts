import { Clock, Ids } from '@fieldguide/clock';
import { Database, DatabaseModule } from '@fieldguide/database';
import { Notifier } from '@fieldguide/workers';
import {
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { EventStore } from './event-store.ts';
import { eventStoreMigrations } from './event-store-tables.migration.ts';
import type { Upcasters } from './formats.ts';
import { PostgresEventStore } from './postgres-event-store.ts';
import { Checkpoint } from './projection-runner.ts';

/** The event store of a service, in the tables of its database. Needs DatabaseModule. */
@Global()
@Module({})
export class EventStoreModule implements OnApplicationShutdown {
  constructor(@Inject(EventStore) private readonly events: EventStore) {}

  /** @param upcasters convert earlier formats of stored events */
  static forRoot({ upcasters = {} }: { readonly upcasters?: Upcasters } = {}): DynamicModule {
    const provider = {
      provide: EventStore,
      inject: [Database, Clock, Ids, Notifier],
      useFactory: (database: Database, clock: Clock, ids: Ids, notifier: Notifier) => {
        const logger = new Logger('EventStore');
        const report = (text: string) => logger.warn(text);
        return new PostgresEventStore(database, clock, ids, notifier, { upcasters, report });
      },
    };
    const tables = { entities: [Checkpoint], migrations: eventStoreMigrations };
    return {
      module: EventStoreModule,
      imports: [DatabaseModule.forFeature(tables)],
      providers: [provider],
      exports: [EventStore],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.events.close();
  }
}
