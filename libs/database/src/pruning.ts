import { instancesOf } from '@fieldguide/config';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Database } from './database.ts';
import { pruneNext, Retention } from './prune.ts';

const PRUNE_EVERY_MS = 3_600_000;

/** Prunes all tables by their retention, every hour. A failed table does not stop the others. */
@Injectable()
export class Pruning extends BackgroundWorker {
  constructor(
    private readonly database: Database,
    private readonly modules: ModulesContainer,
  ) {
    super();
  }

  override start(context: WorkerContext): BackgroundLoop {
    const settings = { ...context, name: 'prune', channel: 'prune', idleMs: PRUNE_EVERY_MS };
    return startWorker(settings, (signal) => this.#pruneAll(signal));
  }

  async #pruneAll(signal: AbortSignal): Promise<false> {
    const failed: unknown[] = [];
    for (const each of instancesOf(this.modules, Retention)) {
      try {
        while (!signal.aborted && (await pruneNext(this.database, each)));
      } catch (error) {
        failed.push(error);
      }
    }
    if (failed.length > 0) throw failed[0];
    return false;
  }
}
