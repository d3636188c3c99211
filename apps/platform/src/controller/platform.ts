import { randomBytes } from 'node:crypto';
import { type App, apps } from '../apps.ts';
import type { Choices, Say } from '../backing/backing-service.ts';
import { type BackingServices, startBackingServices } from '../backing/backing-services.ts';
import type { Environment, Secrets } from '../environment.ts';
import { Fault } from '../fault.ts';
import { dropEverything, migrate, provision } from '../provision/provision.ts';
import { until } from '../runner/child.ts';
import { Instance } from '../runner/instance.ts';
import { instanceEnvironment } from '../runner/instance-environment.ts';
import { freePorts, isFree } from '../runner/ports.ts';
import type { Artifact } from '../stager/stage.ts';
import { stageStale } from '../stager/stage-stale.ts';
import { giveBack, takeEnvironment, writeState } from './state.ts';

export interface PlatformSettings {
  readonly environment: Environment;
  readonly choices: Choices;
  /** Where the gateway should listen; 0 for any free port. */
  readonly gatewayPort: number;
  readonly say: Say;
}

const STOP_APP_MS = 12_000;

/** One environment, running: backing services, artifacts, instances. */
export class Platform {
  readonly environment: Environment;
  readonly controlToken = randomBytes(24).toString('base64url');
  readonly startedAt = new Date();
  readonly #settings: PlatformSettings;
  readonly #secrets: Secrets;
  #backing: BackingServices | undefined;
  #artifacts = new Map<string, Artifact>();
  #ports = new Map<string, number>();
  #instances: Instance[] = [];
  #stopping: Promise<void> | undefined;
  controlPort = 0;

  constructor(settings: PlatformSettings) {
    this.#settings = settings;
    this.environment = settings.environment;
    takeEnvironment(settings.environment);
    this.#secrets = settings.environment.secrets(apps.map(({ name }) => name));
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  get backing(): BackingServices | undefined {
    return this.#backing;
  }

  get secrets(): Secrets {
    return this.#secrets;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.#ports.get('gateway')}`;
  }

  get providerUrl(): string {
    return `http://127.0.0.1:${this.#ports.get('payment-provider')}`;
  }

  async start(): Promise<void> {
    const { environment, choices, say } = this.#settings;
    const [backing, artifacts] = await Promise.allSettled([
      startBackingServices(environment, this.#secrets.postgresPassword, choices, say),
      stageStale(environment, say),
    ]);
    if (backing.status === 'fulfilled') this.#backing = backing.value;
    this.#remember();
    if (backing.status === 'rejected') throw backing.reason;
    if (artifacts.status === 'rejected') throw artifacts.reason;
    this.#artifacts = artifacts.value.artifacts;
    const prepare = async () => {
      if (!this.#isStopping) await this.#provision();
      await this.#choosePorts();
      if (!this.#isStopping) await this.#startApps();
    };
    const died = this.#watchBackingServices();
    try {
      await Promise.race([prepare(), died]);
    } catch (error) {
      // A lost connection is often noticed before the end of the process behind it.
      if (!(error instanceof Fault))
        await until(() => this.#deadBackingService() !== undefined, 500);
      throw this.#deadBackingService() ?? error;
    }
  }

  /** Rejects when one of ours ends; once everything runs it is only said (nothing heals it yet). */
  #watchBackingServices(): Promise<never> {
    const { postgres, kafka, consul } = this.#backing ?? {};
    const children = [postgres, kafka, consul].flatMap((each) => (each?.child ? [each.child] : []));
    const died = new Promise<never>((_, reject) => {
      for (const child of children) {
        void child.exited.then(() => {
          if (this.#isStopping) return;
          this.#settings.say(`! ${child.name} ended (${child.outcome}); see ${child.logFile}`);
          reject(new Error(`${child.name} ended`));
        });
      }
    });
    died.catch(() => undefined);
    return died;
  }

  /** A more helpful reason than whatever failed because of it. */
  #deadBackingService(): Fault | undefined {
    const { postgres, kafka, consul } = this.#backing ?? {};
    const dead = [postgres, kafka, consul].find((each) => each?.child && !each.child.isRunning);
    const { child, name } = dead ?? {};
    if (!child) return undefined;
    return new Fault(
      `${name} ended (${child.outcome}). It said:\n${child.lastWords()}`,
      `start again; ${child.logFile} tells more`,
    );
  }

  /** Everything again from the beginning: data gone, provisioned, migrated and seeded; the backing services stay up. */
  async reset(): Promise<void> {
    const { environment, say } = this.#settings;
    const backing = this.#backing ?? fail();
    say('Resetting: apps stop');
    await this.#stopApps();
    const begun = performance.now();
    await dropEverything(environment, backing);
    await this.#provision();
    say(`✓ Clean and seeded again (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
    await this.#startApps();
  }

  /** Stages what has changed and replaces its instances; for `dev`. */
  async renew(): Promise<void> {
    const { environment, say } = this.#settings;
    const { artifacts, fresh } = await stageStale(environment, say);
    if (fresh.length === 0 || this.#isStopping) return;
    this.#artifacts = artifacts;
    await this.#provision();
    for (const app of apps.filter(({ name }) => fresh.includes(name))) {
      const old = this.#instances.find(({ id }) => id === `${app.name}-1`);
      this.#instances = this.#instances.filter((each) => each !== old);
      await old?.child.stop(STOP_APP_MS);
      const next = this.#spawn(app);
      this.#instances = [...this.#instances, next];
      this.#remember();
      await this.#whenReady(next);
      say(`✓ ${next.id} runs ${next.artifact.digest.slice(0, 8)}`);
    }
  }

  /** Apps first, so that they can finish what they have in hand; then what they lean on. May be called at any moment. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      await this.#stopApps();
      await this.#backing?.stop();
      giveBack(this.environment);
    })();
    return this.#stopping;
  }

  get #isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  async #provision(): Promise<void> {
    const { environment, say } = this.#settings;
    const begun = performance.now();
    await provision(environment, this.#backing ?? fail(), this.#secrets);
    const environmentOf = (app: App, role: 'owner' | 'app') => this.#environmentOf(app, role);
    const migrated = await migrate(environment, this.#artifacts, environmentOf, this.#compileCache);
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    say(`✓ Provisioned databases, topics and settings; migrated ${migrated} (${seconds} s)`);
  }

  async #choosePorts(): Promise<void> {
    const { gatewayPort, say } = this.#settings;
    const ports = await freePorts(apps.length);
    for (const [i, { name }] of apps.entries()) this.#ports.set(name, ports[i]!);
    if (gatewayPort === 0) return;
    if (await isFree(gatewayPort)) this.#ports.set('gateway', gatewayPort);
    else
      say(
        `! Port ${gatewayPort} is taken by another program; the gateway uses ${this.#ports.get('gateway')} instead`,
      );
  }

  /** All at once: a service survives that another one is not there yet, and says so in its readiness. */
  async #startApps(): Promise<void> {
    const { say } = this.#settings;
    this.#instances = apps.map((app) => this.#spawn(app));
    this.#remember();
    const begun = performance.now();
    await Promise.all(this.#instances.map((instance) => this.#whenReady(instance)));
    await this.#routed();
    say(`✓ ${apps.length} apps are ready (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
  }

  #spawn(app: App): Instance {
    const id = `${app.name}-1`;
    return new Instance({
      id,
      artifact: this.#artifacts.get(app.name) ?? fail(),
      port: this.#ports.get(app.name)!,
      env: this.#environmentOf(app),
      logFile: this.environment.logFile(id),
      compileCache: this.#compileCache,
    });
  }

  async #whenReady(instance: Instance): Promise<void> {
    await instance.ready();
    void instance.child.exited.then(() => {
      if (this.#isStopping || !this.#instances.includes(instance)) return;
      this.#settings.say(
        `! ${instance.id} ended (${instance.child.outcome}); see ${instance.child.logFile}`,
      );
    });
  }

  /** Healthy is not ready: the gateway must have heard of every service before anybody is told to try it. */
  async #routed(): Promise<void> {
    const probes = [
      '/products?limit=1',
      '/.well-known/jwks.json',
      '/stock/01900000-0000-7000-8000-000000000001',
    ];
    for (const path of probes) {
      for (;;) {
        const answer = await fetch(this.gatewayUrl + path, {
          signal: AbortSignal.timeout(5_000),
        }).catch(() => undefined);
        if (answer && answer.status < 500) break;
        if (this.#isStopping) return;
      }
    }
  }

  async #stopApps(): Promise<void> {
    const doomed = this.#instances;
    this.#instances = [];
    await Promise.all(doomed.map(({ child }) => child.stop(STOP_APP_MS)));
  }

  #environmentOf(app: App, role: 'owner' | 'app' = 'app'): Record<string, string> {
    const backing = this.#backing ?? fail();
    const providerPort = this.#ports.get('payment-provider') ?? 0;
    return instanceEnvironment(app, this.environment, backing, this.#secrets, providerPort, role);
  }

  get #compileCache(): string {
    return this.environment.path('..', '..', 'compile-cache');
  }

  /** Kept up to date, so that other commands find us and a start after a crash can clean up. */
  #remember(): void {
    const { postgres, kafka, consul } = this.#backing ?? {};
    const children = [
      ...this.#instances.map(({ child, artifact }) => ({
        pid: child.pid ?? 0,
        command: artifact.folder,
      })),
      ...[postgres, kafka, consul].flatMap((each) =>
        each?.child?.pid ? [{ pid: each.child.pid, command: this.environment.folder }] : [],
      ),
    ];
    writeState(this.environment, {
      pid: process.pid,
      controlPort: this.controlPort,
      controlToken: this.controlToken,
      ...(this.#ports.has('gateway') && {
        gatewayUrl: this.gatewayUrl,
        providerUrl: this.providerUrl,
      }),
      ...(postgres &&
        kafka &&
        consul && { backing: { postgres: postgres.url, kafka: kafka.url, consul: consul.url } }),
      children: children.filter(({ pid }) => pid > 0),
    });
  }
}

function fail(): never {
  throw new Fault('The platform is not running yet.', 'npm start');
}
