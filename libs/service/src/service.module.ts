import { Clock, Ids, SystemClock, SystemIds } from '@fieldguide/clock';
import {
  Config,
  ConfigModule,
  Configuration,
  ProcessConfig,
  Runtime,
  ServiceOptions,
} from '@fieldguide/config';
import { ServiceRegistry } from '@fieldguide/discovery';
import { ProblemFilter } from '@fieldguide/problems';
import { Health, LOG, type Log, makeLog, metrics, startTracing } from '@fieldguide/telemetry';
import {
  type DynamicModule,
  Global,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, ModulesContainer } from '@nestjs/core';
import { z } from 'zod';
import { BuildInfo } from './build-info.ts';
import { HttpConfig } from './http-config.ts';
import { OpsController } from './ops.controller.ts';

class TracingConfig extends Config(
  z.object({
    /** Destination of traces; without it none are exported. */
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  }),
) {}

/** What every service has: configuration, log, traces, metrics, health, `/info`, problem details. */
@Global()
@Module({})
export class ServiceModule implements OnModuleInit, OnApplicationShutdown {
  #stopTracing: (() => Promise<void>) | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly configuration: Configuration,
    private readonly process: ProcessConfig,
    private readonly tracing: TracingConfig,
    @Inject(LOG) private readonly log: Log,
    health: Health,
    @Optional() registry?: ServiceRegistry,
  ) {
    // Only instances that serve requests are registered.
    const ownEntry = process.PROCESSES.has('web') ? registry : undefined;
    health.register('consul', () =>
      configuration.error
        ? { state: 'degraded', detail: configuration.error }
        : (ownEntry?.state() ?? 'ok'),
    );
  }

  /** @param isEdge has external callers, whose trace headers are not adopted */
  static forRoot({
    name,
    isEdge,
  }: {
    readonly name: string;
    readonly isEdge?: boolean;
  }): DynamicModule {
    return {
      module: ServiceModule,
      imports: [ConfigModule.forFeature(ProcessConfig, HttpConfig, TracingConfig)],
      controllers: [OpsController],
      providers: [
        { provide: ServiceOptions, useValue: new ServiceOptions(name, isEdge) },
        ...providers,
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [ServiceOptions, Configuration, LOG, Clock, Ids, Health, BuildInfo],
    };
  }

  async onModuleInit(): Promise<void> {
    if (!this.runtime.isServing) return;
    const { log, process } = this;
    this.#stopTracing = await startTracing(this.tracing.OTEL_EXPORTER_OTLP_ENDPOINT);
    metrics.collectProcess();
    this.configuration.watch(({ changed, refused }) => {
      if (changed.includes('LOG_LEVEL')) log.level = process.LOG_LEVEL;
      if (changed.length > 0) log.info({ changed }, 'Live settings changed');
      if (refused) log.warn({ refused }, 'A live setting is invalid; the old value stays');
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stopTracing?.();
  }
}

const providers: Provider[] = [
  {
    provide: Configuration,
    inject: [ServiceOptions, Runtime, ModulesContainer],
    useFactory: Configuration.load,
  },
  {
    provide: LOG,
    inject: [ServiceOptions, ProcessConfig],
    useFactory: ({ name }: ServiceOptions, { INSTANCE, LOG_LEVEL }: ProcessConfig) =>
      makeLog(name, INSTANCE, LOG_LEVEL),
  },
  { provide: Clock, useClass: SystemClock },
  { provide: Ids, useClass: SystemIds },
  { provide: Health, useFactory: () => new Health() },
  BuildInfo,
];
