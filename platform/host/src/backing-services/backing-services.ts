import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import type { Environment, PortName } from '../environment.ts';
import { type Events, secondsSince } from '../events.ts';
import { type Child, type ChildRecord, isSameProcess } from '../processes/child.ts';
import {
  addressOf,
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
/** The ports of each backing service, kept in the environment's folder. */
export const backingPorts: Record<BackingName, readonly PortName[]> = {
  postgres: ['postgres'],
  kafka: ['kafka', 'kafkaController'],
  consul: ['consul', 'consulServer', 'consulSerfLan', 'consulSerfWan'],
};
const STOP_MS = 10_000;
// A service that ran this long is not in a crash loop: its failures are reset.
const STABLE_AFTER_MS = 60_000;

export interface BackingSettings {
  readonly environment: Environment;
  readonly postgresPassword: string;
  readonly consulToken: string;
  readonly kafkaPassword: string;
  readonly choices: BackingServiceOptions;
  readonly events: Events;
  /** The processes that an earlier platform left running. */
  readonly left: Partial<Readonly<Record<BackingName, ChildRecord>>>;
  /** Called as soon as a process exists. */
  readonly spawned?: (name: BackingName, record: ChildRecord) => void;
  /** Aborts services that are starting; `stop` stops running ones. */
  readonly signal?: AbortSignal;
}

/** Attaches or starts PostgreSQL, Kafka and Consul, and restarts those that it started. */
export class BackingServices {
  readonly #settings: BackingSettings;
  readonly #services = new Map<BackingName, BackingService>();
  readonly #failures = new Map<BackingName, number>();
  readonly #restarting = new Map<BackingName, Promise<void>>();
  readonly restarts: Record<BackingName, number> = { postgres: 0, kafka: 0, consul: 0 };
  readonly #keptDown = new Set<BackingName>();
  #healing = false;
  #stopped = false;
  /** Called after a service was restarted; its address may have changed. */
  onRestart: (name: BackingName) => void = () => undefined;

  private constructor(settings: BackingSettings) {
    this.#settings = settings;
  }

  /** Starts the services concurrently. When one fails, it stops the others, then throws the error. */
  static async start(settings: BackingSettings): Promise<BackingServices> {
    const services = new BackingServices(settings);
    const { environment, left } = settings;
    const absent = backingNames.filter((name) => !isRunning(left[name]));
    const ports = await environment.ports(absent.flatMap((name) => backingPorts[name]));
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

  /** Identifies the started processes, to adopt them after a crash of the platform. */
  get records(): Partial<Record<BackingName, ChildRecord>> {
    return Object.fromEntries(
      this.all.flatMap(([name, { child }]) => (child?.record ? [[name, child.record]] : [])),
    );
  }

  /** Restarts services that end from now on; before this call, an ended service is an error of the start. */
  heal(): void {
    this.#healing = true;
    for (const [name, { child }] of this.#services)
      if (child && !child.isRunning) void this.#repair(name);
  }

  /** Returns the error of a started service that has ended; undefined when all run. */
  get error(): CliError | undefined {
    const dead = [...this.#services.values()].find(({ child }) => child && !child.isRunning);
    if (!dead?.child) return undefined;
    const { name, child } = dead;
    return new CliError(
      `${name} ended (${child.outcome}). Last output:\n${child.recentOutput()}`,
      `read ${child.logFile}, then start again`,
    );
  }

  /** Restarts a service; its clients reconnect. @throws CliError when it is attached, or kept down */
  async restart(name: BackingName): Promise<void> {
    const service = this.#own(name, 'restart');
    if (this.#keptDown.has(name))
      throw new CliError(
        `Cannot restart ${service.name}: a fault keeps it down.`,
        'fieldguide fault list, then fieldguide fault stop ID',
      );
    await this.#restarting.get(name);
    await this.#whileRestarting(name, () => service.stop().then(() => this.#startAgain(name)));
  }

  isKeptDown(name: BackingName): boolean {
    return this.#keptDown.has(name);
  }

  /** Stops a service, and does not restart it until `bringUp`. @throws CliError when it is attached */
  async keepDown(name: BackingName): Promise<void> {
    this.#own(name, 'stop');
    this.#keptDown.add(name);
    await this.#restarting.get(name);
    await this.#services.get(name)!.stop();
  }

  /** Starts a service that was kept down. If it does not start, the attempts continue after this has thrown. */
  async bringUp(name: BackingName): Promise<void> {
    this.#keptDown.delete(name);
    if (this.#stopped) return;
    try {
      await this.#whileRestarting(name, () => this.#startAgain(name));
    } catch (error) {
      void this.#repair(name);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#restarting.values());
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
  }

  async #start(name: BackingName, ports: StartContext['ports']): Promise<void> {
    const { environment, choices, events } = this.#settings;
    const { postgresPassword, kafkaPassword, consulToken } = this.#settings;
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
    const access = { postgresPassword, kafkaPassword, consulToken };
    const context = { environment, ports, ...access, choice, report, left, spawned, signal };
    const service = await start[name](context).finally(() =>
      signal.removeEventListener('abort', stopChild),
    );
    this.#services.set(name, service);
    void service.child?.exited.then(() => {
      if (this.#services.get(name) !== service || this.#stopped) return;
      if (this.#restarting.has(name) || this.#keptDown.has(name)) return;
      events.warn(`! ${service.name} ended (${service.child?.outcome})`, { service: service.name });
      if (this.#healing) void this.#repair(name);
    });
    const { version, origin } = service;
    const found = service.child?.adopted ? 'found running' : origin;
    const columns = [service.name.padEnd(11), version.padEnd(8), found.padEnd(26)];
    events.info(
      `✓ ${columns.join(' ')} ${addressOf(service.url).padEnd(18)} ${secondsSince(startMs)} s`,
      {
        service: service.name,
      },
    );
  }

  /** Restarts an ended service, with a growing delay between attempts, until it runs. */
  async #repair(name: BackingName): Promise<void> {
    if (this.#restarting.has(name)) return;
    const repairing = (async () => {
      const child = this.#services.get(name)?.child;
      const age = child ? Date.now() - child.startedAt : 0;
      if (age > STABLE_AFTER_MS) this.#failures.delete(name);
      while (!this.#stopped && !this.#keptDown.has(name)) {
        const failures = (this.#failures.get(name) ?? 0) + 1;
        this.#failures.set(name, failures);
        const { signal } = this.#settings;
        await sleep(backoffMs(failures), undefined, { ...(signal && { signal }) }).catch(
          () => undefined,
        );
        if (this.#stopped || this.#keptDown.has(name)) return;
        try {
          return await this.#startAgain(name);
        } catch (error) {
          const [what] = (error as Error).message.split(/ Last output:|\n/);
          const seconds = backoffMs(failures + 1) / 1_000;
          this.#settings.events.warn(`! ${what} Next attempt in ${seconds} s.`);
        }
      }
    })();
    this.#restarting.set(name, repairing);
    await repairing;
    this.#restarting.delete(name);
  }

  async #whileRestarting(name: BackingName, work: () => Promise<void>): Promise<void> {
    const restarting = work();
    this.#restarting.set(name, restarting);
    try {
      await restarting;
    } finally {
      this.#restarting.delete(name);
    }
  }

  #own(name: BackingName, action: string): BackingService {
    const service = this.#services.get(name)!;
    if (service.child) return service;
    throw new CliError(
      `Cannot ${action} ${service.name}: it is attached, the platform does not run it.`,
      `${action} it on its own host`,
    );
  }

  async #startAgain(name: BackingName): Promise<void> {
    await this.#start(name, await this.#settings.environment.ports(backingPorts[name]));
    this.restarts[name] += 1;
    this.onRestart(name);
  }
}

function isRunning(record: ChildRecord | undefined): boolean {
  return record !== undefined && isSameProcess(record);
}
