import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import type { Environment, PortName } from '../environment.ts';
import { type Events, secondsSince } from '../events.ts';
import { type Child, type ChildRecord, isSameProcess } from '../processes/child.ts';
import {
  type BackingName,
  type BackingService,
  type BackingServiceOptions,
  backingNames,
  type StartContext,
} from './backing-service.ts';
import { backoffMs } from './backoff.ts';
import { startConsul } from './consul.ts';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';

const start: Record<BackingName, (context: StartContext) => Promise<BackingService>> = {
  postgres: startPostgres,
  kafka: startKafka,
  consul: startConsul,
};
const portsOf: Record<BackingName, readonly PortName[]> = {
  postgres: ['postgres'],
  kafka: ['kafka', 'kafkaController'],
  consul: ['consul', 'consulServer', 'consulSerfLan', 'consulSerfWan'],
};
const STOP_MS = 10_000;
// Who ran that long is not in a crash loop.
const STABLE_AFTER_MS = 60_000;

export interface BackingSettings {
  readonly environment: Environment;
  readonly postgresPassword: string;
  readonly choices: BackingServiceOptions;
  readonly events: Events;
  /** What a platform before this one has left running. */
  readonly left: Partial<Readonly<Record<BackingName, ChildRecord>>>;
  /** Told of each process as soon as there is one. */
  readonly spawned?: (name: BackingName, record: ChildRecord) => void;
  /** Ends what is just being started; what runs is ended by `stop`. */
  readonly signal?: AbortSignal;
}

/** PostgreSQL, Kafka and Consul: attached or started, and those that are ours kept running. */
export class BackingServices {
  readonly #settings: BackingSettings;
  readonly #services = new Map<BackingName, BackingService>();
  readonly #failures = new Map<BackingName, number>();
  readonly #restarting = new Map<BackingName, Promise<void>>();
  readonly restarts: Record<BackingName, number> = { postgres: 0, kafka: 0, consul: 0 };
  #healing = false;
  #stopped = false;
  /** Called when a service runs again, perhaps at another address. */
  onRestart: () => void = () => undefined;

  private constructor(settings: BackingSettings) {
    this.#settings = settings;
  }

  /** Starts the three side by side. When one fails, the others are stopped again before the fault is thrown. */
  static async start(settings: BackingSettings): Promise<BackingServices> {
    const services = new BackingServices(settings);
    const { environment, left } = settings;
    const absent = backingNames.filter((name) => !isRunning(left[name]));
    const ports = await environment.ports(absent.flatMap((name) => portsOf[name]));
    const results = await Promise.allSettled(
      backingNames.map((name) => services.#start(name, ports)),
    );
    const failed = results.find((each) => each.status === 'rejected');
    if (!failed) return services;
    await services.stop();
    throw failed.reason;
  }

  get postgres(): BackingService {
    return this.#services.get('postgres')!;
  }

  get kafka(): BackingService {
    return this.#services.get('kafka')!;
  }

  get consul(): BackingService {
    return this.#services.get('consul')!;
  }

  get all(): readonly (readonly [BackingName, BackingService])[] {
    return [...this.#services];
  }

  /** What finds our processes again after a crash of the platform. */
  get records(): Partial<Record<BackingName, ChildRecord>> {
    return Object.fromEntries(
      this.all.flatMap(([name, { child }]) => (child?.record ? [[name, child.record]] : [])),
    );
  }

  /** From now on whoever ends is started again; before, it is a fault of the start. */
  heal(): void {
    this.#healing = true;
    for (const [name, { child }] of this.#services)
      if (child && !child.isRunning) void this.#repair(name);
  }

  /** Why something failed, when it failed because one of ours has ended. */
  get error(): CliError | undefined {
    const dead = [...this.#services.values()].find(({ child }) => child && !child.isRunning);
    if (!dead?.child) return undefined;
    const { name, child } = dead;
    return new CliError(
      `${name} ended (${child.outcome}). It said:\n${child.recentOutput()}`,
      `start again; ${child.logFile} tells more`,
    );
  }

  /** Stops one and starts it again; whoever is connected connects again. */
  async restart(name: BackingName): Promise<void> {
    const service = this.#services.get(name)!;
    if (!service.child) {
      throw new CliError(
        `${service.name} is attached: the platform did not start it.`,
        'restart it where it runs',
      );
    }
    await this.#restarting.get(name);
    const restarting = service.stop().then(() => this.#startAgain(name));
    this.#restarting.set(name, restarting);
    try {
      await restarting;
    } finally {
      this.#restarting.delete(name);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#restarting.values());
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
  }

  async #start(name: BackingName, ports: StartContext['ports']): Promise<void> {
    const { environment, postgresPassword, choices, events } = this.#settings;
    const startMs = performance.now();
    const left = this.#services.has(name) ? undefined : this.#settings.left[name];
    const report = (line: string) => events.info(line);
    const choice = choices[name];
    const { signal = new AbortController().signal } = this.#settings;
    let child: Child | undefined;
    const stopChild = () => void child?.stop(STOP_MS, 'SIGINT');
    const spawned = (started: Child) => {
      child = started;
      if (started.record) this.#settings.spawned?.(name, started.record);
      if (signal.aborted) stopChild();
    };
    signal.addEventListener('abort', stopChild);
    const context = { environment, ports, postgresPassword, choice, report, left, spawned, signal };
    const service = await start[name](context).finally(() =>
      signal.removeEventListener('abort', stopChild),
    );
    this.#services.set(name, service);
    void service.child?.exited.then(() => {
      if (this.#services.get(name) !== service || this.#stopped) return;
      if (this.#restarting.has(name)) return;
      events.warn(`! ${service.name} ended (${service.child?.outcome})`, { service: service.name });
      if (this.#healing) void this.#repair(name);
    });
    const { version, origin } = service;
    const found = service.child?.adopted ? 'found running' : origin;
    const columns = [service.name.padEnd(11), version.padEnd(8), found.padEnd(26)];
    events.info(
      `✓ ${columns.join(' ')} ${addressOf(service).padEnd(18)} ${secondsSince(startMs)} s`,
      {
        service: service.name,
      },
    );
  }

  /** Starts what has ended, again and again with growing pauses. */
  async #repair(name: BackingName): Promise<void> {
    if (this.#restarting.has(name)) return;
    const repairing = (async () => {
      const child = this.#services.get(name)?.child;
      const age = child ? Date.now() - child.startedAt : 0;
      if (age > STABLE_AFTER_MS) this.#failures.delete(name);
      while (!this.#stopped) {
        const failures = (this.#failures.get(name) ?? 0) + 1;
        this.#failures.set(name, failures);
        const { signal } = this.#settings;
        await sleep(backoffMs(failures), undefined, { ...(signal && { signal }) }).catch(
          () => undefined,
        );
        if (this.#stopped) return;
        try {
          return await this.#startAgain(name);
        } catch (error) {
          const [what] = (error as Error).message.split(/ It said:|\n/);
          const seconds = backoffMs(failures + 1) / 1_000;
          this.#settings.events.warn(`! ${what} Next try in ${seconds} s.`);
        }
      }
    })();
    this.#restarting.set(name, repairing);
    await repairing;
    this.#restarting.delete(name);
  }

  async #startAgain(name: BackingName): Promise<void> {
    await this.#start(name, await this.#settings.environment.ports(portsOf[name]));
    this.restarts[name] += 1;
    this.onRestart();
  }
}

function isRunning(record: ChildRecord | undefined): boolean {
  return record !== undefined && isSameProcess(record);
}

/** For people: without scheme and password. */
export function addressOf({ url }: BackingService): string {
  return url.replace(/^[a-z]+:\/\/(?:[^@]*@)?/, '').replace(/\/.*$/, '');
}
