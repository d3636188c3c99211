import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Environment } from '@fieldguide/platform-host/environment';
import type { Events } from '@fieldguide/platform-host/events';
import type { Queries } from './queries.ts';
import type { ThreadMessage, ThreadRequest, ThreadSettings } from './store-thread.ts';
import { destinationOf, telemetryEnvironment } from './telemetry-environment.ts';

const RESTART_AFTER_MS = 1_000;
const WARN_EVERY_MS = 60_000;
const HEAP_MB_MAX = 128;

export interface TracesSettings {
  readonly environment: Environment;
  readonly events: Events;
  /** The instances send it; it stays the same, because adopted instances keep theirs. */
  readonly token: string;
}

/** The store of traces is not available. */
export class TracesUnavailableError extends Error {}

/**
 * Receives the spans of the apps and answers queries, in a thread that is restarted when it ends. Its failures cost
 * telemetry only.
 */
export class Traces {
  readonly #settings: TracesSettings;
  readonly #pending = new Map<number, PromiseWithResolvers<string | undefined>>();
  #port: number | undefined;
  #worker: Worker | undefined;
  #serial = 0;
  #restart: NodeJS.Timeout | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(settings: TracesSettings) {
    this.#settings = settings;
  }

  /** Selects the port and starts the thread, unless traces are sent elsewhere. Does not wait for the thread. */
  async start(): Promise<void> {
    if (destinationOf() !== 'platform') return;
    const { traces } = await this.#settings.environment.ports(['traces']);
    this.#port = traces;
    this.#startThread();
  }

  /** The variables that make an instance send its spans. */
  get instanceEnv(): Record<string, string> {
    const { token } = this.#settings;
    const own = this.#port ? { url: `http://127.0.0.1:${this.#port}`, token } : undefined;
    return telemetryEnvironment(own);
  }

  /**
   * Runs a query in the thread.
   * @returns its result as JSON; undefined when there is none
   * @throws TracesUnavailableError
   */
  async query<Name extends keyof Queries>(
    name: Name,
    ...values: Parameters<Queries[Name]>
  ): Promise<string | undefined> {
    if (!this.#worker) throw new TracesUnavailableError(this.#why());
    const id = ++this.#serial;
    const answer = Promise.withResolvers<string | undefined>();
    this.#pending.set(id, answer);
    this.#worker.postMessage({ id, name, values } satisfies ThreadRequest);
    return answer.promise;
  }

  /** Deletes all traces. */
  async clear(): Promise<void> {
    if (this.#worker) await this.query('clear').catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #why(): string {
    const destination = destinationOf();
    if (destination === 'platform') return 'The store of traces is starting.';
    return destination === 'off'
      ? 'Traces are switched off in the environment of the platform.'
      : `The apps send their traces to ${destination}.`;
  }

  #startThread(): void {
    const { environment, token } = this.#settings;
    const file = environment.path('traces', 'traces.db');
    const worker = new Worker(new URL('./store-thread.ts', import.meta.url), {
      workerData: { file, port: this.#port!, token } satisfies ThreadSettings,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, ...compileCache() },
    });
    worker.on('message', (message: ThreadMessage) => this.#receive(message));
    worker.on('error', ({ message }) => this.#warn(`The receiver of traces failed: ${message}`));
    worker.on('exit', () => this.#ended());
    this.#worker = worker;
  }

  #receive(message: ThreadMessage): void {
    if (message.kind === 'dropped') this.#warn(`Traces are lost: ${message.reason}`);
    if (message.kind !== 'answer' && message.kind !== 'failure') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'answer') pending?.resolve(message.json);
    else pending?.reject(new TracesUnavailableError(message.message));
  }

  #ended(): void {
    this.#worker = undefined;
    for (const { reject } of this.#pending.values())
      reject(new TracesUnavailableError('The store of traces has ended; it starts again.'));
    this.#pending.clear();
    if (!this.#stopped) this.#restart = setTimeout(() => this.#startThread(), RESTART_AFTER_MS);
  }

  /** At most one line a minute: a full disk lasts. */
  #warn(text: string): void {
    const now = performance.now();
    if (now - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = now;
    this.#settings.events.warn(`! ${text}`);
  }
}

/** A thread does not share the compile cache of its process; without one it needs 20 MB more, to strip the types. */
function compileCache(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder ? { NODE_COMPILE_CACHE: dirname(folder) } : {};
}
