import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type App, apps, databaseServices } from '../apps.ts';
import type { Choices, Say } from '../backing/backing-service.ts';
import { type BackingServices, startBackingServices } from '../backing/backing-services.ts';
import { type Environment, type Secrets, writeFileSafely } from '../environment.ts';
import { Fault } from '../fault.ts';
import { dropDatabases, provisionDatabases } from '../provision/databases.ts';
import { dropSettings, provisionSettings } from '../provision/settings.ts';
import { dropTopics, provisionTopics } from '../provision/topics.ts';
import { Child } from '../runner/child.ts';
import { Instance, runTask } from '../runner/instance.ts';
import { instanceEnvironment } from '../runner/instance-environment.ts';
import { freePorts, isFree } from '../runner/ports.ts';
import { type Artifact, staged } from '../stager/stage.ts';
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
      this.#stageAll(),
    ]);
    if (backing.status === 'fulfilled') this.#backing = backing.value;
    this.#remember();
    if (backing.status === 'rejected') throw backing.reason;
    if (artifacts.status === 'rejected') throw artifacts.reason;
    if (this.#isStopping) return;
    await this.#provision();
    await this.#choosePorts();
    if (this.#isStopping) return;
    await this.#startApps();
  }

  /** Everything again from the beginning: data gone, provisioned, migrated and seeded; the backing services stay up. */
  async reset(): Promise<void> {
    const { environment, say } = this.#settings;
    const backing = this.#backing ?? fail();
    say('Resetting: apps stop');
    await this.#stopApps();
    say('Resetting: data goes');
    rmSync(environment.path('migrated.json'), { force: true });
    rmSync(environment.path('provider'), { recursive: true, force: true });
    await Promise.all([
      dropDatabases(backing.postgres.url, environment, databaseServices),
      dropTopics(backing.kafka.url, environment),
      dropSettings(backing.consul.url, environment),
    ]);
    await this.#provision();
    await this.#startApps();
    say('Reset: clean and seeded again');
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

  /** In a process of its own, and only when something has changed: the bundler would stay in our memory. */
  async #stageAll(): Promise<void> {
    const { environment, say } = this.#settings;
    const begun = performance.now();
    const stale = apps.filter((app) => !staged(app)).map(({ name }) => name);
    if (stale.length > 0) {
      say(`Staging ${stale.join(', ')}`);
      const child = new Child({
        name: 'stage',
        command: process.execPath,
        args: [
          fileURLToPath(new URL('../../bin/fieldguide.mjs', import.meta.url)),
          'stage',
          ...stale,
        ],
        logFile: environment.logFile('stage'),
      });
      await child.exited;
      if (child.outcome !== 'exit code 0') {
        throw new Fault(`Staging failed. It said:\n${child.lastWords()}`, `read ${child.logFile}`);
      }
    }
    for (const app of apps) this.#artifacts.set(app.name, staged(app) ?? fail());
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    say(`✓ Staged ${apps.length} apps, ${stale.length} of them new (${seconds} s)`);
  }

  async #provision(): Promise<void> {
    const { environment, say } = this.#settings;
    const backing = this.#backing ?? fail();
    const begun = performance.now();
    await Promise.all([
      provisionDatabases(backing.postgres.url, environment, databaseServices, this.#secrets),
      provisionTopics(backing.kafka.url, environment),
      provisionSettings(backing.consul.url, environment),
    ]);
    const migrated = await this.#migrate();
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    say(
      `✓ Provisioned databases, topics and settings; migrated ${migrated.length} of ${databaseServices.length} (${seconds} s)`,
    );
  }

  /** One-off processes of the artifacts, where the artifact is another than the one that migrated last. */
  async #migrate(): Promise<string[]> {
    const file = this.environment.path('migrated.json');
    const done: Record<string, string> = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : {};
    const due = apps.filter(
      ({ name, hasDatabase }) => hasDatabase && done[name] !== this.#artifact(name).digest,
    );
    await Promise.all(
      due.map(async (app) => {
        const artifact = this.#artifact(app.name);
        const log = this.environment.logFile(`${app.name}-provision`);
        await runTask(
          artifact,
          'migrate',
          this.#environmentOf(app, 'owner'),
          log,
          this.#compileCache,
        );
        await runTask(artifact, 'seed', this.#environmentOf(app), log, this.#compileCache);
        done[app.name] = artifact.digest;
      }),
    );
    writeFileSafely(file, JSON.stringify(done));
    return due.map(({ name }) => name);
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
    this.#instances = apps.map((app) => {
      const id = `${app.name}-1`;
      return new Instance({
        id,
        artifact: this.#artifact(app.name),
        port: this.#ports.get(app.name)!,
        env: this.#environmentOf(app),
        logFile: this.environment.logFile(id),
        compileCache: this.#compileCache,
      });
    });
    this.#remember();
    const begun = performance.now();
    await Promise.all(
      this.#instances.map(async (instance) => {
        await instance.ready();
        void instance.child.exited.then(() => {
          if (!this.#isStopping && this.#instances.includes(instance)) {
            say(
              `! ${instance.id} ended (${instance.child.outcome}); see ${instance.child.logFile}`,
            );
          }
        });
      }),
    );
    await this.#routed();
    say(`✓ ${apps.length} apps are ready (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
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

  #artifact(name: string): Artifact {
    return this.#artifacts.get(name) ?? fail();
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
        each?.pid ? [{ pid: each.pid, command: this.environment.folder }] : [],
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
