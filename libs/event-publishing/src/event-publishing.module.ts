import { ServiceOptions } from '@fieldguide/config';
import { Database } from '@fieldguide/database';
import { type DomainEvent, EventStore } from '@fieldguide/event-store';
import { Messaging } from '@fieldguide/messaging';
import { type RelaySource, startRelay } from '@fieldguide/messaging/parts';
import { Health, metrics } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  together,
  type WorkerContext,
  watchBacklog,
} from '@fieldguide/workers';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { type EventTranslation, eventFeedReader, type Lifetimes } from './event-feed-reader.ts';
import { subscriptionBacklog } from './subscription-backlog.ts';

/** Publishes what follows from stored events, on one instance at a time. Needs EventStoreModule and MessagingModule. */
@Module({})
export class EventPublishingModule {
  /**
   * @param subscription name of the checkpoint and of the lease
   * @param lifetimes for messages that are not wanted for ever: made from a class of the module, for example its settings
   */
  static forRoot<Event extends DomainEvent, First extends Event>(
    subscription: string,
    translation: EventTranslation<Event, First>,
    lifetimes?: { readonly inject: Type; readonly useFactory: (injected: never) => Lifetimes },
  ): DynamicModule {
    const relay = {
      provide: Symbol(`publisher:${subscription}`),
      inject: [
        ServiceOptions,
        EventStore,
        Messaging,
        Database,
        Health,
        ...(lifetimes ? [lifetimes.inject] : []),
      ],
      useFactory: (
        { name }: ServiceOptions,
        events: EventStore,
        messaging: Messaging,
        database: Database,
        health: Health,
        injected: never,
      ) => {
        const wanted = lifetimes?.useFactory(injected);
        const source = eventFeedReader(subscription, events, name, translation, wanted);
        return new EventRelay(source, messaging, database, health);
      },
    };
    return { module: EventPublishingModule, providers: [relay] };
  }
}

class EventRelay extends BackgroundWorker {
  constructor(
    private readonly source: RelaySource,
    private readonly messaging: Messaging,
    private readonly database: Database,
    private readonly health: Health,
  ) {
    super();
  }

  override start({ leases, ...loop }: WorkerContext): BackgroundLoop {
    const { source, database, health } = this;
    const subscription = source.name;
    return together(
      startRelay(source, this.messaging, leases, loop),
      watchBacklog(
        'publisher',
        () => subscriptionBacklog(database, subscription),
        { ...loop, health },
        ({ count, oldestSeconds }) => {
          metrics.subscriptionLagEvents.set({ subscription }, count);
          metrics.subscriptionOldestAgeSeconds.set({ subscription }, oldestSeconds);
        },
      ),
    );
  }
}
