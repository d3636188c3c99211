import { Clock } from '@fieldguide/clock';
import { ProcessConfig, Runtime, ServiceOptions } from '@fieldguide/config';
import { ServiceRegistry } from '@fieldguide/discovery';
import { Health, LOG, type Log } from '@fieldguide/telemetry';
import {
  type DynamicModule,
  Global,
  Inject,
  Module,
  type OnModuleDestroy,
  Optional,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { BuildInfo } from './build-info.ts';
import { HttpConfig } from './http-config.ts';
import { PUBLIC_KEEP_ALIVE_MS } from './http-server.ts';
import { PublicPort } from './public-port.ts';

// Time for routers to receive the deregistration of this instance, on a busy machine.
const ROUTERS_NOTICE_MS = 500;
const READY_POLL_MS = 20;
// Longer than clients keep an idle connection to the public port, so that none is closed during a request.
const CONNECTIONS_LEAVE_MS = PUBLIC_KEEP_ALIVE_MS + 1_000;

/** Provides the runtime to all modules. */
@Global()
@Module({})
class RuntimeModule {}

/**
 * The root of every application. Nest destroys the root module first and global modules last: so this one drains
 * (`onModuleDestroy`), workers stop (`beforeApplicationShutdown`), Nest closes HTTP and consumers, and the modules of the
 * patterns close their connections (`onApplicationShutdown`).
 */
@Module({})
export class RootModule implements OnModuleDestroy {
  #publicPort: PublicPort | undefined;

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly options: ServiceOptions,
    private readonly process: ProcessConfig,
    private readonly http: HttpConfig,
    private readonly build: BuildInfo,
    private readonly health: Health,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
    @Optional() private readonly registry?: ServiceRegistry,
  ) {}

  static of(module: Type, runtime: Runtime): DynamicModule {
    const provider = { provide: Runtime, useValue: runtime };
    const global = { module: RuntimeModule, providers: [provider], exports: [Runtime] };
    return { module: RootModule, imports: [global, module] };
  }

  /**
   * Lets requests arrive: opens the public port, and registers the instance where it serves requests. Waits until it is
   * ready: the first check of an entry that is not yet ready excludes it for a whole interval.
   */
  async announce(): Promise<void> {
    const { HOST, ADVERTISED_HOST, PUBLIC_PORT } = this.http;
    const server = this.adapter.httpAdapter.getHttpServer();
    if (PUBLIC_PORT !== undefined) {
      const address = { host: HOST, port: PUBLIC_PORT };
      const publicPort = new PublicPort(server, address, this.clock, this.log);
      this.health.register('public port', () => publicPort.state());
      await publicPort.open();
      this.#publicPort = publicPort;
    }
    while ((await this.health.report()).status === 'down') {
      if (this.health.isDraining) return;
      await this.clock.sleep(READY_POLL_MS);
    }
    const { port } = server.address() as { port: number };
    const { name: service } = this.options;
    const { INSTANCE: id, PROCESSES } = this.process;
    const address = ADVERTISED_HOST ?? HOST;
    const { release: version } = this.build;
    if (PROCESSES.has('web')) this.registry?.register({ id, service, address, port, version });
    this.log.info({ port, ms: Math.round(performance.now()) }, `${service} is ready`);
  }

  /** Requests that arrive while the instance drains are served; their responses close the connection. */
  async onModuleDestroy(): Promise<void> {
    this.health.drain();
    await Promise.all([
      this.registry?.deregister().then(() => this.clock.sleep(ROUTERS_NOTICE_MS)),
      this.#publicPort?.drain(CONNECTIONS_LEAVE_MS),
    ]);
  }
}
