import { Clock, Ids } from '@fieldguide/clock';
import { Database, Notifier } from '@fieldguide/database';
import {
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { EventStore } from './event-store.ts';
import type { Upcasters } from './formats.ts';
import { PostgresEventStore } from './postgres-event-store.ts';

/**
 * Provides the EventStore of a service with a database. The service's definition lists its tables as well:
 * `Checkpoint` and `eventStoreMigrations`.
 */
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
    return { module: EventStoreModule, providers: [provider], exports: [EventStore] };
  }

  onApplicationShutdown(): Promise<void> {
    return this.events.close();
  }
}
