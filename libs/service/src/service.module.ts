import { Clock, Ids, SystemClock, SystemIds } from '@fieldguide/clock';
import {
  Config,
  ConfigModule,
  Configuration,
  live,
  ProcessConfig,
  Runtime,
  ServiceOptions,
  secret,
  textFor,
} from '@fieldguide/config';
import { ServiceRegistry } from '@fieldguide/discovery';
import { ProblemFilter } from '@fieldguide/problems';
import { Policies, parsePolicies } from '@fieldguide/resilience';
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
    /** Destination of traces (OTLP over HTTP); without it none are exported. */
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
    /** Headers for the destination, such as `authorization=Bearer%20…`. */
    OTEL_EXPORTER_OTLP_HEADERS: secret(z.string()).optional(),
    /** Recorded traces that begin with a write, per second and route. */
    TRACE_WRITES_PER_SECOND: live(z.coerce.number().int().min(0).default(20)),
    /** Recorded share of the traces that begin with a read, 0 to 1. */
    TRACE_READ_RATIO: live(z.coerce.number().min(0).max(1).default(0.05)),
  }),
) {}

class CallsConfig extends Config(
  z.object({
    /** How other services and the payment provider are called, where it differs from the code: `catalog:timeoutMs=1500,catalog:retries=0`. Settings: `timeoutMs`, `retries`, `errorThresholdPercentage`, `minimumCalls`, `windowMs`, `resetAfterMs`, `capacity`. */
    CALL_POLICIES: live(textFor(parsePolicies).default('')),
  }),
) {}

const LOSS_LOGGED_EVERY_MS = 60_000;

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
    private readonly build: BuildInfo,
    private readonly options: ServiceOptions,
    private readonly policies: Policies,
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
      imports: [ConfigModule.forFeature(ProcessConfig, HttpConfig, TracingConfig, CallsConfig)],
      controllers: [OpsController],
      providers: [
        { provide: ServiceOptions, useValue: new ServiceOptions(name, isEdge) },
        ...providers,
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [ServiceOptions, Configuration, LOG, Clock, Ids, Health, BuildInfo, Policies],
    };
  }

  async onModuleInit(): Promise<void> {
    if (!this.runtime.isServing) return;
    const { log, process } = this;
    this.#stopTracing = await this.#startTracing();
    metrics.collectProcess();
    const { name: service } = this.options;
    metrics.buildInfo.set({ service, version: this.build.release, revision: this.build.commit }, 1);
    this.configuration.watch(({ changed, refused, ignored }) => {
      if (changed.includes('LOG_LEVEL')) log.level = process.LOG_LEVEL;
      if (changed.length > 0) log.info({ changed }, 'Live settings changed');
      if (ignored.length > 0)
        log.warn(
          { event: 'settings.ignored', keys: ignored },
          'Consul holds keys that are no live settings of this service, and are ignored. Try: find out who wrote them; set other settings with "fieldguide env"',
        );
      if (refused) log.warn({ refused }, 'A live setting is invalid; the old value stays');
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.policies.close();
    await this.#stopTracing?.();
  }

  #startTracing(): Promise<() => Promise<void>> {
    const { tracing, process: own, log } = this;
    // The SDK reads its environment itself: it gets what was found in a file or in Consul.
    for (const key of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS'] as const)
      if (tracing[key]) process.env[key] ||= tracing[key];
    let loggedAt = Number.NEGATIVE_INFINITY;
    return startTracing({
      resource: {
        'service.name': this.options.name,
        'service.namespace': own.SYSTEM_NAME,
        'service.version': this.build.release,
        'service.instance.id': own.INSTANCE,
        'deployment.environment.name': own.ENVIRONMENT,
      },
      rates: tracing,
      onLoss: (error) => {
        if (performance.now() - loggedAt < LOSS_LOGGED_EVERY_MS) return;
        loggedAt = performance.now();
        log.warn({ err: error }, 'Traces could not be exported and were dropped');
      },
    });
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
  {
    provide: Policies,
    inject: [Clock, Health, CallsConfig],
    useFactory: (clock: Clock, health: Health, config: CallsConfig) =>
      new Policies(clock, health, () => config.CALL_POLICIES),
  },
  BuildInfo,
];
