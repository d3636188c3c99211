import { Clock } from '@fieldguide/clock';
import { instancesOf, ProcessConfig, Runtime } from '@fieldguide/config';
import { LOG, type Log } from '@fieldguide/telemetry';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { BackgroundLoop } from './background-loop.ts';
import { BackgroundWorker } from './background-worker.ts';
import { Leases } from './leases.ts';
import { Notifier } from './notifier.ts';

const STOP_WITHIN_MS = 3_000;

/** Runs the background workers of all modules. Needs Notifier and Leases: DatabaseModule provides both. */
@Module({})
export class WorkersModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #loops: readonly BackgroundLoop[] = [];

  constructor(
    private readonly modules: ModulesContainer,
    private readonly runtime: Runtime,
    private readonly config: ProcessConfig,
    private readonly notifier: Notifier,
    private readonly leases: Leases,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  static forRoot(): DynamicModule {
    return { module: WorkersModule };
  }

  onApplicationBootstrap(): void {
    if (!this.runtime.isServing) return;
    const { notifier, leases, clock, log } = this;
    const isWorker = this.config.PROCESSES.has('worker');
    this.#loops = instancesOf(this.modules, BackgroundWorker)
      .filter(({ runsIn }) => isWorker || runsIn === 'every')
      .map((worker) => worker.start({ notifier, leases, clock, log }));
  }

  /** The limit is for a relay whose broker does not respond: closing the transport afterwards aborts its publish. */
  async beforeApplicationShutdown(): Promise<void> {
    const stopped = Promise.all(this.#loops.map((loop) => loop.stop()));
    await Promise.race([stopped, this.clock.sleep(STOP_WITHIN_MS)]);
  }
}
