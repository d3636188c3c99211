import { Clock } from '@fieldguide/clock';
import { Config, ConfigModule, ProcessConfig, ServiceOptions, secret } from '@fieldguide/config';
import { DatabaseModule, UnitOfWorkRunner } from '@fieldguide/database';
import { Health, LOG, type Log } from '@fieldguide/telemetry';
import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import { z } from 'zod';
import { BROKER_URL_FORMAT, isBrokerUrl } from './broker-url.ts';
import { DeadLettersController } from './dead-letters.controller.ts';
import { DeadLetters } from './dead-letters.ts';
import { KafkaMessaging } from './kafka-messaging.ts';
import { messageTables } from './message-tables.ts';
import { MessageWatch } from './message-watch.ts';
import { MessagingStrategy } from './messaging.strategy.ts';
import { Messaging } from './messaging.ts';
import { CompactedTopics, OutboxRelay } from './outbox-relay.ts';
import { Prefetch } from './prefetch.ts';

class MessagingConfig extends Config(
  z.object({
    /** Kafka brokers, with this service's user where they know users. */
    MESSAGING_URL: secret(z.string().refine(isBrokerUrl, BROKER_URL_FORMAT)),
  }),
) {}

/** Messages on Kafka: a transport for `@OnMessage` handlers, inbox, outbox with its relay, dead letters. */
@Global()
@Module({})
export class MessagingModule implements OnApplicationShutdown {
  constructor(
    private readonly messaging: Messaging,
    health: Health,
  ) {
    health.register('messaging', () => messaging.state());
  }

  /**
   * For a service with a database: publishes, and handles each message exactly once.
   * @param compacted needed by a service that publishes to compacted topics
   * @param prefetch reads rows for many messages with one statement, for a service with many messages
   */
  static forRoot({
    compacted,
    prefetch,
  }: {
    readonly compacted?: Type<CompactedTopics>;
    readonly prefetch?: Type<Prefetch>;
  } = {}): DynamicModule {
    return {
      ...MessagingModule.forBroadcasts(),
      imports: [ConfigModule.forFeature(MessagingConfig), DatabaseModule.forFeature(messageTables)],
      controllers: [DeadLettersController],
      providers: [
        messaging,
        strategy([UnitOfWorkRunner]),
        {
          provide: DeadLetters,
          inject: [UnitOfWorkRunner, Clock, LOG],
          useFactory: (units: UnitOfWorkRunner, clock: Clock, log: Log) =>
            new DeadLetters(units, clock, log),
        },
        OutboxRelay,
        MessageWatch,
        ...(compacted ? [{ provide: CompactedTopics, useClass: compacted }] : []),
        ...(prefetch ? [{ provide: Prefetch, useClass: prefetch }] : []),
      ],
    };
  }

  /** For a service that only handles broadcasts, which change nothing but its memory. */
  static forBroadcasts(): DynamicModule {
    return {
      module: MessagingModule,
      imports: [ConfigModule.forFeature(MessagingConfig)],
      providers: [messaging, strategy([])],
      exports: [Messaging],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.messaging.close();
  }
}

const messaging: Provider = {
  provide: Messaging,
  inject: [MessagingConfig, ProcessConfig, Clock, LOG],
  useFactory: (
    { MESSAGING_URL: url }: MessagingConfig,
    { ENVIRONMENT, INSTANCE: clientId }: ProcessConfig,
    clock: Clock,
    log: Log,
  ) => {
    const prefix = ENVIRONMENT === 'local' ? '' : `${ENVIRONMENT}.`;
    return new KafkaMessaging({ url, clientId, prefix, clock, log });
  },
};

/** Workers handle shared messages; every process handles broadcasts. */
const strategy = (units: [] | [typeof UnitOfWorkRunner]): Provider => ({
  provide: MessagingStrategy,
  inject: [
    ServiceOptions,
    Messaging,
    Clock,
    LOG,
    ProcessConfig,
    { token: Prefetch, optional: true },
    ...units,
  ],
  useFactory: (
    { name }: ServiceOptions,
    transport: Messaging,
    clock: Clock,
    log: Log,
    { PROCESSES }: ProcessConfig,
    prefetch: Prefetch | undefined,
    runner?: UnitOfWorkRunner,
  ) =>
    new MessagingStrategy(
      name,
      transport,
      PROCESSES.has('worker') ? runner : undefined,
      clock,
      log,
      prefetch,
    ),
});
